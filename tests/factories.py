"""Rows with one sensible default each."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import sleep

from django.contrib.auth.models import Permission, User
from django.utils import timezone

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, MappedWorkload, Site, Trigger
from deployments.operations.deploys.follow import Timeouts, follow
from deployments.operations.deploys.request import request_deploy
from deployments.operations.deploys.start import start_deploy
from deployments.operations.sites.save import save_workloads
from deployments.operations.sync.run import SyncReport, sync
from deployments.rules.builds import CommitSource
from deployments.rules.reauth_reasons import Authentication
from deployments.rules.targets import WorkloadReference
from deployments.rules.workloads import WorkloadKind
from tests.roles import WORKER, acting_as

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
JUST_NOW = Authentication(at=NOW, counts_for=timedelta(minutes=15))


def create_site(
    host: str = "", *, deployment: str = "", namespace: str = NAMESPACE, container: str = "", **values: object
) -> Site:
    """Map a site of one Deployment, or of the `workloads` that are given; its name is its host where it has none."""
    references = values.pop("workloads", None) or (
        WorkloadReference(
            kind=WorkloadKind.DEPLOYMENT,
            namespace=namespace,
            name=deployment,
            containers=(container,) if container and container != deployment else (),
        ),
    )
    site = Site.objects.create(host=host, **{"name": host} | values)
    save_workloads(site, references)
    return site


def remap(
    host: str, *, namespace: str = "", deployment: str = "", container: str = "", **values: object
) -> None:
    """Map the site to another workload, or otherwise."""
    workload = {"namespace": namespace, "name": deployment, "containers": [container] if container else []}
    changed = {name: value for name, value in workload.items() if value}
    if changed:
        MappedWorkload.objects.filter(site__host=host).update(**changed)
    if values:
        Site.objects.filter(host=host).update(**values)


def workload_forms(site: Site) -> dict[str, str]:
    """What a browser sends of a mapping's workloads, as they are."""
    rows = list(site.workloads.all())
    filled_in: dict[str, object] = {"TOTAL_FORMS": len(rows), "INITIAL_FORMS": len(rows), "MIN_NUM_FORMS": 1}
    for number, row in enumerate(rows):
        filled_in |= {
            f"{number}-id": row.pk,
            f"{number}-site": site.pk,
            f"{number}-position": row.position,
            f"{number}-kind": row.kind,
            f"{number}-namespace": row.namespace,
            f"{number}-name": row.name,
            f"{number}-containers": ",".join(row.containers),
        }
    return {f"workloads-{name}": str(value) for name, value in filled_in.items()}


def make_sites(world: World) -> dict[str, Site]:
    """Map every site of the world; return them by host."""
    sites = Site.objects.bulk_create(
        Site(
            name=each.host,
            host=each.host,
            owner=each.owner,
            repository=each.repository,
            branch=each.branch,
            commit_source=_commit_source(world, each.host),
            image_template=world.version_template if each.host in world.by_release else "",
        )
        for each in world.mappings.values()
    )
    MappedWorkload.objects.bulk_create(
        MappedWorkload(
            site=site, kind="Deployment", namespace=NAMESPACE, name=world.mappings[site.host].deployment
        )
        for site in sites
    )
    return {site.host: site for site in Site.objects.all()}


def _commit_source(world: World, host: str) -> CommitSource:
    if host in world.by_release:
        return CommitSource.RELEASE
    return CommitSource.LABEL if host in world.by_label else CommitSource.TAG


def make_user(name: str = "nat", *, may_deploy: bool = True) -> User:
    user = User.objects.create_user(name)
    if may_deploy:
        user.user_permissions.add(Permission.objects.get(codename="deploy_site"))
    return user


def observe(clients: Clients, names: Sequence[str] = ()) -> SyncReport:
    with acting_as(WORKER):
        return sync(clients=clients, clock=lambda: NOW, names=names)


def ask(host: str, sha: str = "", **changes: object) -> Deploy:
    """Ask for a Deploy of the head as last observed, having logged in just now and seen what was observed to be deployed."""
    site = Site.objects.select_related("observation").get(host=host)
    deploy_request = {
        "sha": sha or site.observation.head_sha,
        "seen_sha": site.observation.deployed_sha,
        "requested_by": User.objects.first() or make_user(),
        "trigger": Trigger.PERSON,
        "now": NOW,
    } | changes
    just_now = replace(JUST_NOW, at=deploy_request["now"])
    return request_deploy(site=site, **{"authentication": just_now} | deploy_request)


def begin(deploy: Deploy, clients: Clients) -> Deploy:
    """Let a worker take the Deploy through the guards; return it as it is then."""
    with acting_as(WORKER):
        start_deploy(deploy_id=deploy.pk, clients=clients, now=NOW)
    deploy.refresh_from_db()
    return deploy


def succeed(deploy: Deploy, clients: Clients, world: World) -> Deploy:
    """Take the Deploy through to its good end, as a worker and its follower do."""
    begin(deploy, clients)
    return end(deploy, clients, world)


def end(
    deploy: Deploy,
    clients: Clients,
    world: World,
    *,
    ahead: timedelta = timedelta(0),
    for_seconds: float = 60,
) -> Deploy:
    """Follow the begun Deploy to its end, `ahead` of the real time."""
    if not ahead:
        world.cluster.settle_now()
    Deploy.objects.filter(pk=deploy.pk).update(patched_at=timezone.now())
    timeouts = Timeouts(
        stability=timedelta(0),
        rollout=timedelta(minutes=15),
        poll_seconds=0.1,
        task=timedelta(seconds=for_seconds),
    )
    with acting_as(WORKER):
        follow(clients=clients, timeouts=timeouts, clock=lambda: timezone.now() + ahead, sleep=sleep)
    # What comes after is judged at NOW again: a patch must not be in its future.
    Deploy.objects.filter(pk=deploy.pk).update(patched_at=NOW)
    deploy.refresh_from_db()
    return deploy
