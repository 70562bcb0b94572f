"""`make bench`: the promises of docs/performance.md, measured over the demo's servers in one run.

`python -m bench idle` measures that part alone; `python -m bench sync 34` the sync with 34 sites.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from dashboard.embedded_postgres import EmbeddedPostgres
from demo.world import NAMESPACE, Mapping, World, read_mappings
from simulators.cluster.cluster import RBAC, ROUTES_RBAC, WORKLOADS_RBAC

PARTS = ("sync", "discovery", "pages", "tap", "hook", "storm", "idle")
SIZES = (34, 500, 5000)
PAGE_SIZES = (34, 1000)
LATENCIES_MS = (0, 100)


def main() -> None:
    sizes = [int(each) for each in sys.argv[1:] if each.isdigit()] or SIZES
    parts = [each for each in sys.argv[1:] if not each.isdigit()] or PARTS
    if unknown := set(parts) - set(PARTS):
        sys.exit(
            f"There is no part {', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}, and numbers of sites."
        )
    os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
    os.environ["LOG_LEVEL"] = "ERROR"
    server = EmbeddedPostgres("bench")
    server.remove()
    server.start()
    try:
        os.environ["DATABASE_URL"] = server.url
        _setup()
        measures: dict[str, Callable[[], None]] = {
            "sync": lambda: _each(sizes, _measure),
            "discovery": lambda: _each(sizes, _measure_discovery),
            "pages": lambda: _each(PAGE_SIZES, _measure_pages),
            "tap": _measure_taps,
            "hook": _measure_hooks,
            "storm": _measure_storm,
            "idle": lambda: _measure_idle(server),
        }
        for part in PARTS:
            if part in parts:
                measures[part]()
    finally:
        server.remove()


def _each(sizes: Sequence[int], measure: Callable[[int], None]) -> None:
    for size in sizes:
        measure(size)


def _setup() -> None:
    import django
    from django.core.management import call_command

    from dashboard.static_files import collect_static_files

    os.environ["SECRET_KEY"] = "bench"  # noqa: S105
    django.setup()
    call_command("migrate", verbosity=0)
    collect_static_files()


def _measure(size: int) -> None:
    mappings = _mappings(size)
    with World(mappings) as world, tempfile.TemporaryDirectory() as folder:
        _use(world, Path(folder))
        for latency in LATENCIES_MS:
            _fill(mappings)
            world.github.latency_seconds = latency / 1000
            _begin_an_hour(world)
            found = _run("bench.sync_once", mappings[0].host)
            _print(f"{size} sites, {latency} ms, all new", found["changed"])
            _print(
                f"{size} sites, {latency} ms, nothing changed",
                found["unchanged"] | {"grew by MB": found["growth_mb"]},
            )
            _begin_an_hour(world)
            _print(
                f"{size} sites, {latency} ms, the original script's way", _run("bench.original_script_once")
            )
        world.github.latency_seconds = 0


def _measure_discovery(size: int) -> None:
    """Of workloads that no site maps, each with a Service and an Ingress."""
    from bench.list_page import measure_first_start

    mappings = _mappings(size)
    with World(mappings, rbac=(RBAC, ROUTES_RBAC)) as world, tempfile.TemporaryDirectory() as folder:
        _use(world, Path(folder))
        _fill([])
        for each in mappings:
            world.expose(each.host)
        logs = {
            "cluster": world.cluster.requests,
            "registry": world.registry.requests.entries,
            "github": world.github.requests,
        }
        before = {name: len(log) for name, log in logs.items()}
        found = _run("bench.discovery_once")
        asked = {name: len(log) - before[name] for name, log in logs.items()}
        _print(f"{size} workloads, found in the cluster", found | asked)
        _print(f"{size} workloads, page", measure_first_start())


def _measure_pages(size: int) -> None:
    from bench.list_page import measure_list_page
    from bench.page import measure_phones, measure_visits
    from bench.processes import headway, logged_in

    mappings = _mappings(size)
    with World(mappings) as world, tempfile.TemporaryDirectory() as folder:
        _use(world, Path(folder))
        _fill(mappings)
        for behind in mappings[::3]:
            world.commit(behind.host)
        _run("bench.sync_once", mappings[0].host)
        _print(f"{size} sites, list page", measure_list_page())
        os.environ["HEARTBEAT_FILE"] = str(Path(folder) / "heartbeat")
        with headway() as (address, _):
            cookies = logged_in(address)
            for name, values in measure_visits(address, cookies).items():
                _print(f"{size} sites, {name} on slow 4G", values)
            _print(f"{size} sites, 100 phones for a minute", measure_phones(address, cookies))


def _measure_taps() -> None:
    from bench.tap import measure_taps, measure_taps_of_three

    for title, measure in (("tap", measure_taps), ("tap on three workloads", measure_taps_of_three)):
        with _world_with_its_sites() as (world, folder):
            _print(f"from the {title} to the last accepted patch", measure(world, folder))


def _measure_hooks() -> None:
    from bench.tap import measure_hooks

    with _world_with_its_sites() as (world, folder):
        _print("from the hook to the accepted patch", measure_hooks(world, folder))


def _measure_storm() -> None:
    from bench.tap import measure_storm

    with _world_with_its_sites() as (world, _):
        _print("a thousand hooks in ten seconds", measure_storm(world))


@contextmanager
def _world_with_its_sites() -> Iterator[tuple[World, Path]]:
    mappings = read_mappings()
    with World(mappings, rbac=(RBAC, WORKLOADS_RBAC)) as world, tempfile.TemporaryDirectory() as folder:
        _fill(mappings)
        _use(world, Path(folder))
        os.environ["HEARTBEAT_FILE"] = str(Path(folder) / "heartbeat")
        yield world, Path(folder)


def _measure_idle(server: EmbeddedPostgres) -> None:
    from bench.idle import measure_idle

    mappings = read_mappings()
    with World(mappings) as world, tempfile.TemporaryDirectory() as folder:
        _fill(mappings)
        _use(world, Path(folder))
        os.environ["HEARTBEAT_FILE"] = str(Path(folder) / "heartbeat")
        _print("idle with 34 sites", measure_idle(server, world))


def _use(world: World, folder: Path) -> None:
    """Point this process, whose settings are read already, and those that it starts at the world."""
    from django.conf import settings

    environment = world.settings(folder)
    os.environ.update(environment)
    for name, value in environment.items():
        setattr(settings, name, Path(value) if name == "KUBECONFIG" else value)


def _begin_an_hour(world: World) -> None:
    """Give the next measurement GitHub's whole budget: the original script uses up an hour's for 5,000 sites."""
    for limit in world.github.limits.values():
        limit.used = 0


def _mappings(size: int) -> list[Mapping]:
    """The real table, repeated under other names."""
    return [
        replace(
            each,
            host=f"{number}.{each.host}",
            repository=f"{each.repository}-{number}",
            deployment=f"{each.deployment}-{number}",
        )
        for number, each in enumerate(islice(cycle(read_mappings()), size))
    ]


def _fill(mappings: list[Mapping]) -> None:
    from deployments.models import MappedWorkload, Site

    Site.objects.all().delete()
    sites = Site.objects.bulk_create(
        Site(
            name=each.host,
            host=each.host,
            owner=each.owner,
            repository=each.repository,
            branch=each.branch,
        )
        for each in mappings
    )
    MappedWorkload.objects.bulk_create(
        MappedWorkload(site=site, kind="Deployment", namespace=NAMESPACE, name=each.deployment)
        for site, each in zip(sites, mappings, strict=True)
    )


def _run(module: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def _print(title: str, values: dict[str, Any]) -> None:
    print(f"| {title} | " + ", ".join(f"{name} {value}" for name, value in values.items()) + " |", flush=True)


main()
