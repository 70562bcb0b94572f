from tests.worlds import world

__all__ = ["world"]
