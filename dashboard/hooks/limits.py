"""How often one address may be refused, and how often it may send at all: counted in this process, without SQL."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from threading import Lock
from time import monotonic

WINDOW_SECONDS = 60.0
REFUSED_AT_MOST, AT_MOST = 30, 6000
_ADDRESSES = 10_000
_HOME = 64
"""Bits of an IPv6 address that one household or machine shares."""


class Limits:
    """Windows of a minute that begin with an address' first message; addresses that were silent for longer are dropped."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._seen: dict[str, tuple[float, int, int]] = {}

    def seconds_blocked(self, address: str | None) -> int:
        """Count one message; for how long its address must not send another, 0 where it may."""
        with self._lock:
            began, messages, refused = self._window(address)
            self._seen[_network(address)] = (began, messages + 1, refused)
            if refused < REFUSED_AT_MOST and messages < AT_MOST:
                return 0
            return int(began + WINDOW_SECONDS - self._clock()) + 1

    def count_refusal(self, address: str | None) -> None:
        with self._lock:
            began, messages, refused = self._window(address)
            self._seen[_network(address)] = (began, messages, refused + 1)

    def forget(self) -> None:
        self._seen.clear()

    def _window(self, address: str | None) -> tuple[float, int, int]:
        now = self._clock()
        if len(self._seen) > _ADDRESSES:
            self._seen = {who: row for who, row in self._seen.items() if now - row[0] < WINDOW_SECONDS}
            if len(self._seen) > _ADDRESSES:
                # That many addresses are one sender's: the oldest are dropped.
                self._seen = dict(list(self._seen.items())[_ADDRESSES // 2 :])
        row = self._seen.get(_network(address))
        return row if row and now - row[0] < WINDOW_SECONDS else (now, 0, 0)


def _network(address: str | None) -> str:
    if address is None:
        return ""
    read = ip_address(address)
    return str(int(read) >> (128 - _HOME)) if isinstance(read, IPv6Address) else address
