"""What a follower works with: its timeouts, its clients, and threads for slow calls."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from deployments.clients.clients import Clients
from deployments.clients.deadline import in_a_thread
from deployments.rules.workloads import ReplicaSet, Workload

T = TypeVar("T")
Late = TypeVar("Late")


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """How long to wait for what."""

    stability: timedelta
    """New pods must stay ready for this long."""
    rollout: timedelta
    """After this long without progress a rollout has timed out, unless its manifest allows longer."""
    denied: timedelta = field(default=timedelta(minutes=2))
    """After this long of refusals nobody waits for a permission to come back."""
    poll_seconds: float = 1.5
    task: timedelta = field(default=timedelta(seconds=45))
    """One task's length; then it queues itself again."""
    check_host_again: timedelta = field(default=timedelta(seconds=3))
    """Between two questions to a host that gave a wrong answer."""
    host_checks: int = 3
    """So many wrong answers in a row count."""
    details: timedelta = field(default=timedelta(seconds=10))
    """After that, the events of an unfinished rollout are listed."""


@dataclass(frozen=True)
class _Question:
    asked_at: datetime
    future: Future[Any]
    before: Any = None
    """The answer that this question is to replace."""


class BackgroundCalls:
    """Slow questions, each in its own thread: a silent host keeps no other Deploy waiting."""

    def __init__(self) -> None:
        self._asked: dict[Hashable, _Question] = {}

    def ask(
        self,
        key: Hashable,
        question: Callable[[], T],
        *,
        now: datetime,
        within: timedelta,
        otherwise: Late,
        keep: timedelta = timedelta(0),
    ) -> T | Late | None:
        """Return the answer, None while the first one is on its way, `otherwise` when it is not there after `within`.

        An answer is returned once, or for as long as `keep` says; then the question is repeated.
        """
        asked = self._asked.get(key)
        if asked is None:
            self._asked[key] = _Question(now, in_a_thread(question))
            return None
        if not asked.future.done():
            if now - asked.asked_at < within:
                before: T | None = asked.before
                return before
            del self._asked[key]
            return otherwise
        answer: T = asked.future.result()
        if not keep:
            del self._asked[key]
        elif now - asked.asked_at >= keep:
            self._asked[key] = _Question(now, in_a_thread(question), before=answer)
        return answer

    @property
    def are_under_way(self) -> bool:
        """Whether an answer is still to come."""
        return any(not each.future.done() for each in self._asked.values())


@dataclass(frozen=True)
class KnownReplicaSet:
    """The ReplicaSet of one generation of a Deployment."""

    replica_set: ReplicaSet
    owner: str
    generation: int

    def owned_by(self, deployment: Workload) -> bool:
        return (self.owner, self.generation) == (deployment.uid, deployment.generation)


@dataclass(frozen=True)
class FollowContext:
    """One follower's."""

    clients: Clients
    timeouts: Timeouts
    checks_hosts: bool = True
    """Whether hosts are asked at all, where their mappings say so."""
    calls: BackgroundCalls = field(default_factory=BackgroundCalls)
    sizes: dict[str, int] = field(default_factory=dict)
    """How many workloads a namespace had of a kind when they were last listed, by `namespace/kind`."""
    replica_sets: dict[int, KnownReplicaSet] = field(default_factory=dict)
    """By the step's key."""

    def remember(self, step_id: int, deployment: Workload, replica_set: ReplicaSet) -> None:
        known = KnownReplicaSet(replica_set, deployment.uid, deployment.generation)
        self.replica_sets[step_id] = known
