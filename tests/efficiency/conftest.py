from tests.worlds import outside, sites, world

__all__ = ["outside", "sites", "world"]
