"""Messages that come in, read and matched to sites: a hook is a hint, and nothing is written from what it says."""
