"""The pods of a site and their logs: requested by a person, answered by a worker, kept for minutes."""
