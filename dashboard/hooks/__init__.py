"""The doors for hooks: who sends is checked over the raw bytes, what is sent is read into a Hint, and deployments/ does the rest."""
