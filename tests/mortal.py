"""A worker that dies at a chosen moment: before or after any one request to the cluster, or before any one SQL statement."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Any

from django.db import connection

from deployments.clients.clients import Clients
from deployments.clients.cluster import Cluster

WRITES = ("INSERT", "UPDATE", "DELETE")
CHANGES = frozenset({"set_images", "restart", "create_job"})


class Killed(BaseException):
    """As SIGKILL: nothing that handles errors sees it, and what a transaction has not committed is lost."""


class Moments(IntEnum):
    """What a worker may die before, and after where it is a request: each of them includes the ones above it."""

    WRITES = auto()
    """Requests that change the cluster, and statements that write: between two of them nothing that lasts happens."""
    ALL = auto()


@dataclass
class Life:
    """Moments are counted, and at the `ends_at`-th it is over; 0: it never is."""

    at: Moments = Moments.WRITES
    ends_at: int = 0
    moments: int = 0

    def pass_moment(self, what: Moments) -> None:
        if what > self.at:
            return
        self.moments += 1
        if self.moments == self.ends_at:
            raise Killed


class MortalCluster:
    """The real client, with a moment before each question to the cluster, and one when it has taken effect."""

    def __init__(self, cluster: Cluster, life: Life) -> None:
        self._cluster = cluster
        self._life = life

    def __getattr__(self, name: str) -> Callable[..., Any]:
        question = getattr(self._cluster, name)

        def ask(*arguments: Any, **options: Any) -> Any:
            what = Moments.WRITES if name in CHANGES and not options.get("dry_run") else Moments.ALL
            self._life.pass_moment(what)
            answer = question(*arguments, **options)
            self._life.pass_moment(what)
            return answer

        return ask


@contextmanager
def worker_with(life: Life, clients: Clients) -> Iterator[Clients]:
    """The clients of a worker with this life. When it dies, the block is left, and with it go its connection and its locks."""

    def execute(run: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        life.pass_moment(Moments.WRITES if sql.startswith(WRITES) else Moments.ALL)
        return run(sql, parameters, many, context)

    mortal = Clients(
        github=clients.github,
        registry=clients.registry,
        connected=MortalCluster(clients.cluster, life),  # type: ignore[arg-type]
        site_check=clients.site_check,
    )
    with suppress(Killed):
        try:
            with connection.execute_wrapper(execute):
                yield mortal
        except Killed:
            connection.close()
            raise
