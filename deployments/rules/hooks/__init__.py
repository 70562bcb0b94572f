"""Incoming messages, parsed and matched to sites: a hook is a hint, and nothing is written from its payload."""
