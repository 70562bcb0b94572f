"""From the thumb, and from a pushed image's event, to the last accepted patch, against `kubectl set image` over the same cluster."""

import shutil
import subprocess
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, perf_counter, sleep
from typing import Any

import requests
from django.utils import timezone

from bench.processes import headway, logged_in, tap
from demo.world import NAMESPACE, World

LONGEST_SECONDS = 20
IDLE_SECONDS = 1
BACKGROUND = "Deployment {0}; Deployment {0}-worker; CronJob {0}-report"


def measure_taps(world: World, folder: Path) -> dict[str, Any]:
    """Return the median and 95th percentile in milliseconds, of Headway with an idle worker and of kubectl."""
    from deployments.clients.clients import Clients
    from deployments.models import Observation
    from deployments.operations.sync.run import sync

    Clients.from_settings.cache_clear()
    for host in world.mappings:
        world.commit(host)
    sync(clients=Clients.from_settings(), clock=timezone.now)
    taps = []
    with headway() as (address, _):
        session = _session(address)
        # The first tap loads what every later one finds loaded.
        for number, seen in enumerate(Observation.objects.select_related("site").order_by("site__name")):
            sleep(IDLE_SECONDS)
            seconds = _tap(session, address, world, seen)
            if number:
                taps.append(seconds)
    kubeconfig = world.cluster.write_kubeconfig(folder / "admin", user="admin")
    commands = [_kubectl(world, host, kubeconfig) for host in list(world.mappings)[:10]]
    return _spread("tap", taps) | _spread("kubectl set image", commands)


def measure_taps_of_three(world: World, folder: Path) -> dict[str, Any]:
    """The same where each site is a Deployment, a second one with an init container, and a CronJob."""
    from deployments.models import Site
    from deployments.operations.sites.save import save_workloads
    from deployments.rules.targets import parse_references

    for site in Site.objects.all():
        name = world.mappings[site.host].deployment
        world.apply("background", image=world.image(site.host), name=name)
        save_workloads(site, parse_references(BACKGROUND.format(name), namespace=NAMESPACE))
    world.cluster.settle_now()
    return measure_taps(world, folder)


def measure_hooks(world: World, folder: Path) -> dict[str, Any]:
    """The same of what a hook asks for: a sync of one site that deploys by itself, whose image has just been pushed."""
    from deployments.clients.clients import Clients
    from deployments.models import Site
    from deployments.operations.sync.run import sync

    Clients.from_settings.cache_clear()
    Site.objects.update(auto_deploy=True)
    sync(clients=Clients.from_settings(), clock=timezone.now)
    hooks = []
    with headway():
        for number, host in enumerate(world.mappings):
            world.commit(host)
            sleep(IDLE_SECONDS)
            seconds = _hook(world, host)
            if number:
                hooks.append(seconds)
    kubeconfig = world.cluster.write_kubeconfig(folder / "admin", user="admin")
    commands = [_kubectl(world, host, kubeconfig) for host in list(world.mappings)[:10]]
    return _spread("hook", hooks) | _spread("kubectl set image", commands)


def _hook(world: World, host: str) -> float:
    from deployments.queue import enqueue

    world.cluster.requests.clear()
    start = perf_counter()
    enqueue.sync(names=[host], trigger="hook")
    _wait_for_patches(world, {world.mappings[host].deployment})
    return perf_counter() - start


def _session(address: str) -> requests.Session:
    session = requests.Session()
    session.cookies.update(logged_in(address))
    return session


def _tap(session: requests.Session, address: str, world: World, seen: Any) -> float:
    world.cluster.requests.clear()
    start = perf_counter()
    tap(session, address, seen)
    _wait_for_patches(world, {each.name for each in seen.site.references})
    return perf_counter() - start


def _wait_for_patches(world: World, workloads: set[str]) -> None:
    until = monotonic() + LONGEST_SECONDS
    while not workloads <= _patched(world) and monotonic() < until:
        sleep(0.001)
    assert workloads <= _patched(world), f"{workloads - _patched(world)} were not patched"


def _patched(world: World) -> set[str]:
    """The workloads that were changed; what was only tried is no change."""
    return {
        entry.path.rpartition("/")[2]
        for entry in world.cluster.requests.matching(method="PATCH")
        if entry.status == 200 and "dryRun" not in entry.query
    }


def _kubectl(world: World, host: str, kubeconfig: Path) -> float:
    program = shutil.which("kubectl")
    assert program, "kubectl is not installed"
    name = world.mappings[host].deployment
    image = world.image(host, world.repository(host).graph.commits[-2].sha)
    command = [
        program,
        "--kubeconfig",
        str(kubeconfig),
        "-n",
        NAMESPACE,
        "set",
        "image",
        f"deployment/{name}",
        f"{name}={image}",
    ]
    start = perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return perf_counter() - start


def _spread(name: str, seconds: list[float]) -> dict[str, float]:
    return {
        f"{name} median ms": round(median(seconds) * 1000),
        f"{name} p95 ms": round(quantiles(seconds, n=20)[-1] * 1000),
    }
