"""The doors for hooks: the sender is verified over the raw bytes, the body is parsed into a Hint, and deployments/ does the rest."""
