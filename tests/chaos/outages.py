"""Headway's external services and its database, each of which a test can stop, start and hang while Deploys are under way."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from time import sleep
from urllib.parse import urlsplit

from django.core.management import call_command
from django.db import connection

from dashboard.embedded_postgres import EmbeddedPostgres
from demo.world import World
from simulators.registry import DemoRegistry
from tests.chaos.gate import Gate
from tests.processes import MANAGE, Running


class GatedRegistry(DemoRegistry):
    """Named by its gate's address, since images are named by their registry's."""

    gate: Gate

    @property
    def host(self) -> str:
        return self.gate.host


@dataclass
class Gates:
    """One in front of each external service of `world`."""

    world: World
    cluster: Gate = field(default_factory=Gate)
    github: Gate = field(default_factory=Gate)
    registry: Gate = field(default_factory=Gate)

    def stop(self, *names: str, seconds: float) -> None:
        gates: list[Gate] = [getattr(self, name) for name in names]
        for each in gates:
            each.shut()
        sleep(seconds)
        for each in gates:
            each.reopen()

    def hang(self, *names: str, seconds: float) -> None:
        gates: list[Gate] = [getattr(self, name) for name in names]
        for each in gates:
            each.hold()
        sleep(seconds)
        for each in gates:
            each.release()


@contextmanager
def gated(world: World) -> Iterator[Gates]:
    """Put a gate before each server of a world that has not started, and start it."""
    gates = Gates(world)
    with gates.cluster, gates.github, gates.registry:
        registry = GatedRegistry()
        registry.gate = gates.registry
        # It has its port already, and is replaced.
        world.registry.stop()
        world.registry = registry
        gates.cluster.target_port = world.cluster.port
        gates.github.target_port = _port(world.github.url)
        gates.registry.target_port = registry.port
        with world:
            yield gates


def settings_through(gates: Gates, folder: Path) -> dict[str, str]:
    """Return the environment that leads Headway to the world through the gates; writes into `folder`."""
    world = gates.world
    folder.mkdir()
    env = world.settings(folder)
    kubeconfig = Path(env["KUBECONFIG"])
    straight, gate = f"127.0.0.1:{world.cluster.port}", gates.cluster.host
    kubeconfig.write_text(kubeconfig.read_text().replace(straight, gate))
    env["GITHUB_API_URL"] = f"http://{gates.github.host}"
    return env


def _port(url: str) -> int:
    return urlsplit(url).port or 0


@contextmanager
def own_database(name: str) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server that nobody else uses, in place of the tests' until the end of the block."""
    server, shared = EmbeddedPostgres(name), dict(connection.settings_dict)
    server.remove()
    server.start()
    connection.close()
    connection.settings_dict |= {
        "NAME": "postgres",
        "USER": "headway",
        "HOST": str(server.socket_folder),
        "PORT": "",
    }
    try:
        call_command("migrate", verbosity=0)
        yield server
    finally:
        connection.close()
        connection.settings_dict |= shared
        server.remove()


def stop_database(server: EmbeddedPostgres, *, seconds: float) -> None:
    server.stop()
    sleep(seconds)
    server.start()
    connection.close()


def hang_database(server: EmbeddedPostgres, *, seconds: float) -> None:
    """Freeze every process of the server, as a disk that no longer answers does."""
    pids = _family(server.pid)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    sleep(seconds)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    connection.close()


def _family(postmaster: int) -> list[int]:
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *map(int, children)]


@contextmanager
def supervised_worker(env: dict[str, str], folder: Path) -> Iterator[None]:
    """A worker that is restarted whenever it ends, as the kubelet does."""
    over = Event()

    def supervise() -> None:
        while not over.is_set():
            with Running([*MANAGE, "worker"], env, log=folder / "worker.log") as worker:
                while worker.process.poll() is None and not over.wait(0.2):
                    pass

    thread = Thread(target=supervise, name="kubelet")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
