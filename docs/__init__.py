"""Pages for people, and what of them is generated."""
