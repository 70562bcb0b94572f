"""From an installation without sites to its first ones: what a worker finds, and how it is mapped."""
