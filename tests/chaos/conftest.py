from tests.worlds import clients, sites, world

__all__ = ["clients", "sites", "world"]
