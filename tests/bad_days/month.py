"""Drives Headway and the demo's cluster through the rounds of a plan, in simulated time, and compares with what was declared."""

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.contrib.auth.models import User

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import ACTIVE_STATUSES, Deploy, Kind, Observation, Site, Status, Trigger
from deployments.operations.deploys.follow import Timeouts, follow
from deployments.operations.deploys.rollback import request_rollback
from deployments.operations.deploys.start import start_deploy
from deployments.operations.sync.run import UnableToSync, sync
from simulators.cluster import Reverter
from simulators.cluster.disturbances import FullQuota, ImageSet, NoQuota
from simulators.cluster.refusals import GATEKEEPER
from simulators.cluster.simulated_time import SimulatedTime
from simulators.github import Failure
from tests.bad_days.plan import Attempt, Round
from tests.bad_days.truths import Around
from tests.factories import JUST_NOW, ask
from tests.roles import WORKER, acting_as

GATE = "example.com/load-balancer"
AGAIN_SECONDS = 5.0
SYNC_SECONDS = 120.0
LONGEST_ROUND_SECONDS = 3 * 3600.0
COMES_TO_REST_SECONDS = 1800.0
INITIAL_COMMIT_BY_HAND = 12


@dataclass
class Known:
    """What must be true of a site, by what was declared of its Deploys."""

    runs: str
    last_rollback_was_automatic: bool = False


@dataclass
class Month:
    """`faults` is what came otherwise than declared, in words."""

    world: World
    clients: Clients
    time: SimulatedTime
    nat: User
    known: dict[str, Known] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    ended: int = 0
    rollbacks: int = 0

    def live(self, rounds: Iterable[Round], *, gated: Iterable[str]) -> None:
        self._add_gates(gated)
        for host in self.world.mappings:
            self.known[host] = Known(runs=self.world.repository(host).head)
        for each in rounds:
            self.world.cluster.pass_time(each.quiet_seconds)
            self._live_through(each)

    def _add_gates(self, hosts: Iterable[str]) -> None:
        for host in hosts:
            name, image = self.world.mappings[host].deployment, self.world.running_image(host)
            self.world.cluster.delete_deployment(NAMESPACE, name)
            gates = {"readinessGates": [{"conditionType": GATE}]}
            self.world.cluster.create_deployment(NAMESPACE, name, containers={name: image}, pod=gates)
        self.world.cluster.pass_time(COMES_TO_REST_SECONDS)

    def _live_through(self, planned: Round) -> None:
        world = self.world
        for each in planned.attempts:
            sha = world.commit(each.host)
            world.behaviours[world.image(each.host, sha)] = each.case.behaviour
            Site.objects.filter(host=each.host).update(auto_rollback=each.auto_rollback)
        with acting_as(WORKER):
            self._sync()
        self._check_observed()
        attempts = {self._asked(each): each for each in planned.attempts}
        world.cluster.disturb(*planned.disturbances)
        if planned.registry_failures:
            world.registry.fail_next(503, planned.registry_failures, path_contains="/manifests/")
        if planned.github_failures:
            world.github.fail_next(Failure.BAD_GATEWAY, planned.github_failures)
        _Watch(self, planned, attempts).see_through()
        for deploy, attempt in attempts.items():
            deploy.refresh_from_db()
            self._check(deploy, attempt)
            self._check_rollback(deploy, attempt, planned)
        self._calm()

    def _calm(self) -> None:
        world = self.world
        world.cluster.reverters.clear()
        world.cluster.pass_time(COMES_TO_REST_SECONDS)
        world.cluster.failures.clear()
        world.github.heal()
        world.registry.failures.clear()

    def _asked(self, attempt: Attempt) -> Deploy:
        around, name = attempt.case.around, self.world.mappings[attempt.host].deployment
        cluster = self.world.cluster
        deploy = ask(attempt.host, now=self.time.now())
        cluster.disturb(*attempt.disturbances)
        if around is Around.FULL_QUOTA:
            FullQuota(namespace=NAMESPACE).happen(cluster)
        elif around is Around.POLICY:
            path = f"/deployments/{name}"
            cluster.fail_next(
                GATEKEEPER.status, method="PATCH", path_contains=path, message=GATEKEEPER.message
            )
        return deploy

    def patched(self, deploy: Deploy, attempt: Attempt) -> None:
        """The cluster has taken the change: what is done to it afterwards begins."""
        world, name = self.world, self.world.mappings[attempt.host].deployment
        match attempt.case.around:
            case Around.REMOVED:
                path, _, tag = deploy.image.removeprefix(f"{world.registry.host}/").rpartition(":")
                world.registry.remove(path, tag)
            case Around.GITOPS:
                world.cluster.reverters.append(
                    Reverter(
                        manager="argocd-controller",
                        namespace=NAMESPACE,
                        name=name,
                        container=name,
                        image=deploy.from_image,
                        after_seconds=10,
                    )
                )
            case Around.BY_HAND:
                sha = self._by_hand(attempt.host)
                world.cluster.disturb(
                    ImageSet(
                        after_seconds=20,
                        namespace=NAMESPACE,
                        name=name,
                        container=name,
                        image=world.image(attempt.host, sha),
                    )
                )

    def _by_hand(self, host: str) -> str:
        """Another commit than the one that runs: that one would have been put back."""
        commits = self.world.repository(host).graph.commits
        number = INITIAL_COMMIT_BY_HAND
        return commits[number if commits[number].sha != self.known[host].runs else number - 1].sha

    def start(self, deploy: Deploy) -> None:
        start_deploy(deploy_id=deploy.pk, clients=self.clients, now=self.time.now())

    def _sync(self) -> None:
        sync(clients=self.clients, clock=self.time.now)

    def sync_meanwhile(self) -> None:
        with suppress(UnableToSync):
            self._sync()

    def _fault(self, deploy: Deploy, attempt: Attempt | None, words: str) -> None:
        case = attempt.case.name if attempt else "rollback"
        events = list(deploy.events.values_list("message", flat=True))
        self.faults.append(
            f"Deploy {deploy.pk} of {deploy.site.host} ({case}): {words}. It {deploy.status}"
            f" ({deploy.reason}): {deploy.message} {attempt} {events}"
        )

    def _check_observed(self) -> None:
        for host, known in self.known.items():
            running = Observation.objects.get(site__host=host).running_sha
            if running != known.runs:
                self.faults.append(
                    f"{host} is seen to run {running[:7]!r}, and runs {known.runs[:7]}. {self._shown(host)}"
                )
                # What nobody knows to run is still what must be gone back to.
                known.runs = running or known.runs

    def _shown(self, host: str) -> str:
        """What a fault of the running commit is found out by: the last Deploys, and the images of template and pods."""
        name = self.world.mappings[host].deployment
        deploys = Deploy.objects.filter(site__host=host).order_by("-pk").values_list
        last = list(deploys("pk", "kind", "status", "image", "applied_image")[:3])
        (container,) = self.world.cluster.deployment(NAMESPACE, name)["spec"]["template"]["spec"][
            "containers"
        ]
        pods = [pod["spec"]["containers"][0]["image"] for pod in self.world.cluster.pods(NAMESPACE, name)]
        return f"Deploys {last}, template {container['image']}, pods {pods}"

    def _check(self, deploy: Deploy, attempt: Attempt) -> None:
        truth, known = attempt.case.truth, self.known[attempt.host]
        self.ended += 1
        if truth.comes_up:
            known.runs, known.last_rollback_was_automatic = deploy.sha, False
            if deploy.status != Status.SUCCEEDED:
                self._fault(deploy, attempt, "It would have come up")
            return
        statuses = {Status.SUPERSEDED} if truth.is_superseded else {Status.FAILED, Status.TIMED_OUT}
        if deploy.status not in statuses:
            self._fault(deploy, attempt, "It would not have come up")
        elif deploy.reason != truth.reason or truth.words not in deploy.message:
            self._fault(deploy, attempt, f"Its cause is {truth.reason!r}, {truth.words!r}")
        if attempt.case.around is Around.BY_HAND:
            known.runs = self._by_hand(attempt.host)

    def _check_rollback(self, deploy: Deploy, attempt: Attempt, planned: Round) -> None:
        """One where the commit failed and the site wants so, once in a row; else none."""
        truth, known = attempt.case.truth, self.known[attempt.host]
        is_due = truth.rolls_back and attempt.auto_rollback and not known.last_rollback_was_automatic
        found = list(deploy.site.deploys.filter(trigger=Trigger.FAILURE, pk__gt=deploy.pk))
        self.rollbacks += len(found)
        if len(found) != is_due:
            self._fault(deploy, attempt, f"{len(found)} rollbacks where {int(is_due)} is due")
        if found:
            known.last_rollback_was_automatic = True
            self._check_ran(found[0], attempt)
        elif truth.rolls_back and planned.is_undone(attempt):
            known.last_rollback_was_automatic = False
            self._roll_back_by_hand(deploy, attempt)
        elif attempt.case.around is Around.FULL_QUOTA:
            # The quota has room again, and nobody has undone it.
            known.runs = deploy.sha

    def _roll_back_by_hand(self, failed: Deploy, attempt: Attempt) -> None:
        now = self.time.now()
        seen = Observation.objects.get(site=failed.site).deployed_sha
        back = request_rollback(
            site=failed.site,
            sha=self.known[attempt.host].runs,
            seen_sha=seen,
            by=self.nat,
            authentication=replace(JUST_NOW, at=now),
            now=now,
        )
        _Watch(self, Round(quiet_seconds=0, attempts=()), {}).see_through()
        back.refresh_from_db()
        self._check_ran(back, attempt)

    def _check_ran(self, rollback: Deploy, attempt: Attempt) -> None:
        is_right = rollback.kind == Kind.ROLLBACK and rollback.sha == self.known[attempt.host].runs
        if not is_right or rollback.status != Status.SUCCEEDED:
            self._fault(rollback, None, f"It goes back to {self.known[attempt.host].runs[:7]}")


@dataclass
class _Watch:
    """What workers do until all Deploys have ended: they start what is queued, follow, and sync now and then."""

    month: Month
    planned: Round
    attempts: dict[Deploy, Attempt]
    _tried_at: float = -AGAIN_SECONDS
    _synced_at: float = 0.0

    def see_through(self) -> None:
        time = self.month.time
        self._synced_at, latest = time.passed_seconds, time.passed_seconds + LONGEST_ROUND_SECONDS
        timeouts = Timeouts(
            stability=timedelta(seconds=30),
            rollout=timedelta(minutes=15),
            poll_seconds=self.planned.look_seconds,
        )
        with acting_as(WORKER):
            while Deploy.objects.filter(status__in=ACTIVE_STATUSES).exists():
                assert time.passed_seconds < latest, "It never ends."
                self._sleep(self.planned.look_seconds)
                follow(clients=self.month.clients, timeouts=timeouts, clock=time.now, sleep=self._sleep)
            self._make_room()

    def _sleep(self, seconds: float) -> None:
        """What hosts and registries are asked meanwhile is answered in no time."""
        for thread in threading.enumerate():
            if thread.name == "question":
                thread.join()
        self._make_room()
        self._start_queued()
        time = self.month.time
        if time.passed_seconds - self._synced_at >= SYNC_SECONDS:
            self._synced_at = time.passed_seconds
            self.month.sync_meanwhile()
        self.month.world.cluster.pass_time(seconds)

    def _make_room(self) -> None:
        """A quota that was full until a Deploy had failed has room for its rollback."""
        for deploy, attempt in self.attempts.items():
            if attempt.case.around is Around.FULL_QUOTA:
                deploy.refresh_from_db()
                if deploy.status not in ACTIVE_STATUSES:
                    NoQuota(namespace=NAMESPACE).happen(self.month.world.cluster)

    def _start_queued(self) -> None:
        time = self.month.time
        if time.passed_seconds - self._tried_at < AGAIN_SECONDS:
            return
        self._tried_at = time.passed_seconds
        for deploy in Deploy.objects.filter(status=Status.QUEUED):
            self.month.start(deploy)
            deploy.refresh_from_db()
            attempt = self.attempts.get(deploy)
            if attempt and deploy.status in Status.IN_ROLLOUT:
                self.month.patched(deploy, attempt)
