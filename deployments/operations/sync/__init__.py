"""One pass over all sites: gather what is outside, decide by pure rules, act."""
