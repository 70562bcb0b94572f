"""One pass over all sites: gather from external services, decide by pure rules, act."""
