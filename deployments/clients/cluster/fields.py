"""Reading one field of an API server's answer; what is missing, null or of another type counts as absent."""

from collections.abc import Iterator
from datetime import datetime

from deployments.clients.cluster.transport import Json
from deployments.rules.times import parse_time

_INT32 = 2**31
_INT64 = 2**63


def child(thing: Json, *path: str) -> Json:
    """The object at the end of the path; empty where there is none."""
    for name in path:
        found = thing.get(name)
        if not isinstance(found, dict):
            return {}
        thing = found
    return thing


def children(thing: Json, name: str) -> Iterator[Json]:
    """The objects of a list."""
    found = thing.get(name)
    return (each for each in found if isinstance(each, dict)) if isinstance(found, list) else iter(())


def text(thing: Json, name: str) -> str:
    found = thing.get(name)
    return found if isinstance(found, str) else ""


def texts(thing: Json, name: str) -> tuple[str, ...]:
    """The texts of a list."""
    found = thing.get(name)
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()


def strings(thing: Json, name: str) -> dict[str, str]:
    """A map of texts to texts, as labels are."""
    found = thing.get(name)
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def flag(thing: Json, name: str) -> bool:
    return thing.get(name) is True


def integer(thing: Json, name: str) -> int | None:
    """An int32, as most numbers of Kubernetes are."""
    return _within(thing.get(name), _INT32)


def count(thing: Json, name: str, *, default: int = 0) -> int:
    """An int32 that is not negative."""
    found = integer(thing, name)
    return default if found is None or found < 0 else found


def generation(thing: Json, name: str) -> int:
    """An int64."""
    return _within(thing.get(name), _INT64) or 0


def time(thing: Json, name: str) -> datetime | None:
    return parse_time(text(thing, name))


def _within(found: object, limit: int) -> int | None:
    if not isinstance(found, int) or isinstance(found, bool):
        return None
    return found if -limit <= found < limit else None
