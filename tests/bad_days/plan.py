"""Thirty days of Deploys and of what disturbs them, from a seed: the same seed makes the same plan."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from demo.world import NAMESPACE, World
from simulators.cluster import HEALTHY
from simulators.cluster.admission import WORKLOADS_AND_PODS, Mutation
from simulators.cluster.disturbances import (
    Annotated,
    ApiFailure,
    BusyController,
    Disturbance,
    Eviction,
    FullQuota,
    NodeEnd,
    Scaled,
    WebhookChange,
)
from simulators.cluster.pods import NODES
from tests.bad_days.truths import FAILING, Around, Case, passing

DAYS = 30
KINDS: tuple[tuple[str, ...], ...] = (WORKLOADS_AND_PODS, ("pods",))
LOOK_SECONDS = (5.0, 15.0, 15.0, 20.0, 20.0)
DISTURBED_FOR_SECONDS = 240.0
"""What disturbs a Deploy does so soon: of what stays wrong, the cause is to be seen in the end."""
LONGEST_SECONDS = 780.0
"""For how long a rollout that succeeds in the end may stall: less than ROLLOUT_TIMEOUT_SECONDS."""
ALONE = frozenset({Around.FULL_QUOTA})
"""They would change what becomes of other Deploys."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One Deploy, and what must become of it."""

    host: str
    case: Case
    auto_rollback: bool = False
    disturbances: tuple[Disturbance, ...] = ()
    """By the time since it was requested."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """Deploys that are requested at one moment, and what happens around all of them."""

    quiet_seconds: float
    """Before it."""
    attempts: tuple[Attempt, ...]
    disturbances: tuple[Disturbance, ...] = ()
    registry_failures: int = 0
    github_failures: int = 0
    look_seconds: float = 5.0
    a_person_rolls_back: bool = False
    """Where a Deploy failed and nothing was rolled back."""

    def is_undone(self, attempt: Attempt) -> bool:
        """Whether a person rolls back what was not rolled back; always what is up and answers wrongly, since that runs."""
        return self.a_person_rolls_back or attempt.case.behaviour.answers != HEALTHY.answers


@dataclass
class Planner:
    """Makes rounds until all Deploys are planned."""

    seed: int
    deploys: int
    world: World
    hosts: Sequence[str]
    gated: Collection[str]
    """Those whose pods have a readiness gate."""
    rewrites_templates: bool = True
    """In the first half of the days: webhooks rewrite Deployments, and nobody else sets images. What others set is not
    known once it is rewritten."""
    chance: Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)

    def rounds(self) -> list[Round]:
        made: list[Round] = []
        broken: list[str] = []
        left = self.deploys
        while left:
            if self.rewrites_templates and left <= self.deploys / 2:
                self.rewrites_templates = False
                made.append(Round(quiet_seconds=0, attempts=(), disturbances=(WebhookChange(),)))
            each = self._round(left, broken=broken)
            made.append(each)
            left -= len(each.attempts)
            attempted = {one.host for one in each.attempts}
            broken = [host for host in broken if host not in attempted] + _left_broken(each)
        return made

    def _round(self, left: int, *, broken: Sequence[str]) -> Round:
        """Sites that were left broken come soon, and first."""
        chance = self.chance
        everyones = self._everyones()
        kills = sum(isinstance(each, NodeEnd) for each in everyones)
        others = [each for each in self.hosts if each not in broken]
        hosts = [*broken, *chance.sample(others, min(len(others), chance.randint(1, 3)))][: min(left, 4)]
        usual = 0.0 if broken else DAYS * 86_400 / self.deploys * 4
        attempts = [self._attempt(host, kills=kills, is_broken=host in broken) for host in hosts]
        alone = [replace(each, disturbances=()) for each in attempts if each.case.around in ALONE]
        return Round(
            quiet_seconds=usual * chance.uniform(0.5, 1.5),
            attempts=tuple(alone[:1] or attempts),
            disturbances=() if alone else everyones,
            registry_failures=chance.choice((0, 0, 0, 1, 2)),
            github_failures=chance.choice((0, 0, 0, 1)),
            look_seconds=chance.choice(LOOK_SECONDS),
            a_person_rolls_back=chance.random() < 0.7,
        )

    def _attempt(self, host: str, *, kills: int, is_broken: bool) -> Attempt:
        chance, name = self.chance, self.world.mappings[host].deployment
        own = tuple(self._own(name) for _ in range(chance.choice((0, 0, 1, 2))))
        kills += sum(isinstance(each, Eviction) for each in own)
        most = min(420.0, LONGEST_SECONDS / (kills + 1))
        cases = passing(most, chance.uniform(0.2, 1.0)) if chance.random() < 0.6 else FAILING
        wanted = [each for each in cases if self._suits(each, host, is_broken=is_broken)]
        return Attempt(
            host=host,
            case=chance.choice(wanted),
            auto_rollback=chance.random() < 0.5,
            disturbances=own,
        )

    def _suits(self, case: Case, host: str, *, is_broken: bool) -> bool:
        if case.behaviour.gate_closed and host not in self.gated:
            return False
        if case.around in ALONE and is_broken:
            # Its broken pods would make room.
            return False
        return not (self.rewrites_templates and case.truth.is_superseded)

    def _own(self, name: str) -> Disturbance:
        """What happens to one Deployment."""
        chance = self.chance
        at = chance.uniform(0, DISTURBED_FOR_SECONDS)
        replicas, word = chance.randint(1, 3), f"{at:.0f}"
        return chance.choice(
            (
                Eviction(after_seconds=at, namespace=NAMESPACE, name=name, which="newest"),
                Eviction(after_seconds=at, namespace=NAMESPACE, name=name, which="oldest"),
                Annotated(after_seconds=at, namespace=NAMESPACE, name=name, annotation=word),
                Scaled(after_seconds=at, namespace=NAMESPACE, name=name, replicas=replicas),
            )
        )

    def _everyones(self) -> tuple[Disturbance, ...]:
        """What happens to all of the cluster, or to its API server."""
        made = (self._of_cluster() for _ in range(self.chance.choice((0, 1, 1, 2))))
        return tuple(each for one in made for each in one)

    def _of_cluster(self) -> tuple[Disturbance, ...]:
        chance = self.chance
        at = chance.uniform(0, DISTURBED_FOR_SECONDS)
        match chance.randrange(6):
            case 0:
                return (
                    NodeEnd(after_seconds=at, node=chance.choice(NODES), is_drained=chance.random() < 0.5),
                )
            case 1:
                return (WebhookChange(after_seconds=at, mutations=self._mutations()),)
            case 2:
                return (FullQuota(after_seconds=at, namespace=NAMESPACE, seconds=chance.uniform(10, 60)),)
            case 3:
                busy = BusyController(after_seconds=at, lag_seconds=chance.uniform(1, 20))
                return busy, BusyController(after_seconds=at + 60, lag_seconds=0)
            case 4:
                return (self._api_failure(at=chance.choice((0.0, at))),)
        return (WebhookChange(mutations=self._mutations()),)

    def _mutations(self) -> tuple[Mutation, ...]:
        """None, or such as a policy engine has, or a registry mirror, or both."""
        chance = self.chance
        host = self.world.registry.host
        registries = {f"{host}/": f"mirror.local/{host.replace(':', '-')}/"}
        kinds = chance.choice(KINDS if self.rewrites_templates else (("pods",),))
        pins, mirrors = chance.random() < 0.5, chance.random() < 0.5
        if not (pins or mirrors):
            return ()
        drops_tag = pins and chance.random() < 0.5
        return (
            Mutation(kinds=kinds, registries=registries if mirrors else {}, pins=pins, drops_tag=drops_tag),
        )

    def _api_failure(self, *, at: float) -> Disturbance:
        chance = self.chance
        status = chance.choice((0, 409, 429, 500, 503, 403))
        method = "PATCH" if status == 409 else chance.choice((None, "GET", "PATCH"))
        return ApiFailure(
            after_seconds=at,
            status=status,
            times=chance.randint(1, 3),
            method=method,
            path_contains="/deployments/" if status == 403 else "/default/",
            takes_effect=chance.random() < 0.5,
        )


def _left_broken(before: Round) -> list[str]:
    return [
        each.host for each in before.attempts if each.case.truth.rolls_back and not before.is_undone(each)
    ]
