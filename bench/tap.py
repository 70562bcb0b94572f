"""From the tap, and from GitHub's webhook, to the last accepted patch, against `kubectl set image` over the same cluster."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from statistics import median, quantiles
from time import monotonic, perf_counter, sleep
from typing import Any

import requests
from django.utils import timezone

from bench.processes import headway, logged_in, tap
from demo.world import NAMESPACE, World
from simulators.github.webhooks import push_payload

LONGEST_SECONDS = 20
IDLE_SECONDS = 1
TAPS_IN_A_STORM, EVERY_SECONDS = 20, 0.45
"""Spread over the ten seconds, as people's are: each Deploy is followed beside the hooks and the taps that come after it."""
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
    """The same from GitHub's webhook of a push whose image is there, to a site that auto-deploys."""
    from deployments.clients.clients import Clients
    from deployments.models import Site
    from deployments.operations.sync.run import sync

    Clients.from_settings.cache_clear()
    Site.objects.update(auto_deploy=True)
    sync(clients=Clients.from_settings(), clock=timezone.now)
    hooks = []
    with _hooked(world):
        for number, host in enumerate(world.mappings):
            sleep(IDLE_SECONDS)
            seconds = _hook(world, host)
            if number:
                hooks.append(seconds)
    kubeconfig = world.cluster.write_kubeconfig(folder / "admin", user="admin")
    commands = [_kubectl(world, host, kubeconfig) for host in list(world.mappings)[:10]]
    return _spread("hook", hooks) | _spread("kubectl set image", commands)


def measure_storm(world: World) -> dict[str, Any]:
    """A thousand webhooks in ten seconds from all repositories: how they are answered, what syncs they make, and what a tap takes meanwhile."""
    from deployments.clients.clients import Clients
    from deployments.models import HookDelivery, Observation, SyncRun
    from deployments.operations.sync.run import sync

    Clients.from_settings.cache_clear()
    for host in world.mappings:
        world.commit(host)
    sync(clients=Clients.from_settings(), clock=timezone.now)
    runs = SyncRun.objects.count()
    repositories = map(world.repository, world.mappings)
    pushes = [push_payload(each, before=each.graph.commits[-2].sha) for each in repositories]
    with _hooked(world) as address:
        session = _session(address)
        seen = list(Observation.objects.select_related("site").order_by("site__name"))
        _tap(session, address, world, seen.pop())
        command = [
            sys.executable,
            "-m",
            "bench.storm",
            f"{address}/hooks/github",
            os.environ["GITHUB_HOOK_SECRETS"],
        ]
        sender = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert sender.stdin
        sender.stdin.write(json.dumps(pushes))
        sender.stdin.close()
        sleep(IDLE_SECONDS)
        taps = list(_spread_taps(session, address, world, seen[:TAPS_IN_A_STORM]))
        sender.wait()
        assert sender.stdout
        answered = json.load(sender.stdout)
        until = monotonic() + LONGEST_SECONDS
        while HookDelivery.objects.filter(state="waiting").exists() and monotonic() < until:
            sleep(0.1)
        sleep(IDLE_SECONDS)
        hook_runs = SyncRun.objects.filter(trigger="hook").count()
    return (
        answered
        | {"syncs by hooks": hook_runs, "all syncs": SyncRun.objects.count() - runs}
        | _spread("tap", taps)
    )


@contextmanager
def _hooked(world: World) -> Iterator[str]:
    """Headway's processes, to which the world's GitHub sends its webhooks; its address."""
    os.environ["GITHUB_HOOK_SECRETS"] = secret = token_hex(16)
    with headway() as (address, _):
        world.github.webhooks.add(f"{address}/hooks/github", secret=secret)
        yield address


def _hook(world: World, host: str) -> float:
    repository, before = world.repository(host), world.repository(host).head
    world.commit(host)
    world.cluster.requests.clear()
    start = perf_counter()
    world.github.webhooks.push(repository, before=before)
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


def _spread_taps(session: requests.Session, address: str, world: World, seen: list[Any]) -> Iterator[float]:
    start = perf_counter()
    for number, each in enumerate(seen):
        sleep(max(start + number * EVERY_SECONDS - perf_counter(), 0))
        yield _tap(session, address, world, each)


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
