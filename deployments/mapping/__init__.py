"""A mapping's form: its fields, how it is saved, and what a worker answers about it; the same in the admin and on the pages of our own."""
