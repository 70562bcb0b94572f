"""`make demo`: Headway on 34 real mappings, with a small GitHub, registry and cluster on this machine, until Ctrl-C."""

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dashboard.embedded_postgres import STATE, EmbeddedPostgres
from demo import lan, scenes
from demo.world import TABLES, World
from deployments.clients.push import fresh_key_pair
from simulators.cluster.cluster import RBAC, WORKLOADS_RBAC

ROOT = Path(__file__).resolve().parent.parent
USER = "demo"
FIRST_PORT = 8000
READY_WITHIN_SECONDS = 60
STABILITY_SECONDS = 5
POLL_SECONDS = 0.2


def main() -> None:
    stop = Stop()
    with ExitStack() as stack:
        for _ in _steps(stack):
            if stop.is_asked:
                _say("\nStopping.")
                break


class Stop:
    """Ctrl-C and SIGTERM, checked between two steps: raised as exceptions they are lost, or leave something running."""

    def __init__(self) -> None:
        self.is_asked = False
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, self._ask)

    def _ask(self, _signum: int, _frame: object) -> None:
        self.is_asked = True


def _steps(stack: ExitStack) -> Iterator[None]:
    stack.enter_context(_alone())
    _say("Starting PostgreSQL, a GitHub, a registry and a cluster …")
    server = EmbeddedPostgres("demo")
    server.remove()
    stack.callback(server.remove)
    server.start()
    yield
    world = stack.enter_context(
        World(by_label=scenes.BY_LABEL, by_release=scenes.BY_RELEASE, rbac=(RBAC, WORKLOADS_RBAC))
    )
    scenes.set_the_scenes(world)
    yield
    host = lan.address() if os.environ.get("LAN") else lan.LOOPBACK
    listener = stack.enter_context(listener_at(host))
    port = listener.getsockname()[1]
    address = f"http://{lan.named(host)}:{port}"
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headway-demo-")))
    os.environ.update(_environment(world, folder, server, address))
    password = secrets.token_urlsafe(9)
    _fill(password, world)
    yield
    headway = stack.enter_context(_headway(listener))
    yield from _wait_until_ready(port, headway)
    _ask_for_what_only_headway_does()
    # Of this machine: whatever address a phone opens.
    world.github.webhooks.add(
        f"http://127.0.0.1:{port}/hooks/github", secret=os.environ["GITHUB_HOOK_SECRETS"]
    )
    committer = scenes.Committer(world)
    committer.start()
    world.github.git.pushed.append(committer.pushed)
    stack.callback(committer.stop)
    build = scenes.finish_the_building(world, _announce)
    stack.callback(build.cancel)
    _say(
        f"\n  Headway   {address}\n  Log in    {USER} / {password}\n  Push      git clone {_to_push(world)}\n"
    )
    _say(lan.invitation(f"{address}{_one_time_login()}", host))
    while headway.poll() is None:
        time.sleep(POLL_SECONDS)
        yield
    sys.exit(headway.returncode)


@contextmanager
def _alone() -> Iterator[None]:
    """A second demo would take the first one's database away."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "demo.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("A demo runs from this folder already: stop it with Ctrl-C where it was started.")
        yield


def _environment(world: World, folder: Path, server: EmbeddedPostgres, address: str) -> dict[str, str]:
    return world.settings(folder) | {
        "DJANGO_SETTINGS_MODULE": "demo.settings",
        "DATABASE_URL": server.url,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "PUBLIC_URL": address,
        "GITHUB_HOOK_SECRETS": secrets.token_hex(16),
        "STABILITY_SECONDS": str(STABILITY_SECONDS),
        "HEARTBEAT_FILE": str(folder / "heartbeat"),
        **_push_keys(),
        "LOG_LEVEL": "WARNING",
    }


def _push_keys() -> dict[str, str]:
    """A pair of this demo's own, so that a phone can be notified; browsers take push services alone from an https address."""
    pair = fresh_key_pair()
    return {
        "VAPID_PUBLIC_KEY": pair.public,
        "VAPID_PRIVATE_KEY": pair.private,
        "VAPID_SUBJECT": "mailto:demo@headway.example.com",
    }


def _fill(password: str, world: World) -> None:
    """Migrate, import the mappings, and make the one who logs in."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    for table in TABLES:
        call_command("import_sites", str(table), stdout=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    from django.contrib.auth.models import User
    from django.utils import timezone

    from deployments.models import Site
    from deployments.operations.hold import place_hold
    from deployments.rules.builds import CommitSource

    person = User.objects.create_superuser(USER, password=password)
    Site.objects.filter(host__in=scenes.AUTOMATIC).update(auto_deploy=True)
    Site.objects.filter(host__in=scenes.BY_LABEL).update(commit_source=CommitSource.LABEL)
    Site.objects.filter(host__in=scenes.BY_RELEASE).update(
        commit_source=CommitSource.RELEASE, image_template=world.version_template
    )
    Site.objects.filter(host=scenes.WITH_PATHS).update(paths=scenes.PATHS)
    held = Site.objects.get(host=scenes.HELD)
    place_hold(
        site=held, reason="The interview is tomorrow: no surprises before it", by=person, now=timezone.now()
    )
    call_command("sync", stdout=open(os.devnull, "w"))  # noqa: PTH123, SIM115


def _ask_for_what_only_headway_does() -> None:
    """One site is deploying when the page is opened: its pods are slow to start."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from deployments.models import Site, Trigger
    from deployments.operations.deploys.request import request_deploy

    site = Site.objects.select_related("observation").get(host=scenes.DEPLOYING)
    request_deploy(
        site=site,
        sha=site.observation.head_sha,
        seen_sha=site.observation.deployed_sha,
        requested_by=User.objects.get(username=USER),
        trigger=Trigger.PERSON,
        now=timezone.now(),
    )


def _to_push(world: World) -> str:
    """A repository of a site that is deployed automatically, with the password of who may push."""
    slug = world.mappings[scenes.AUTOMATIC[0]].slug
    return world.github.url.replace("//", f"//demo:{world.github.git.push_token}@") + f"/{slug}.git"


def _one_time_login() -> str:
    """Return the path that logs a phone in."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from demo import one_time_login

    return one_time_login.make(User.objects.get(username=USER), now=timezone.now())


def _announce(host: str) -> None:
    """Ask for a sync of one site, as a hook does."""
    from deployments.queue import enqueue

    enqueue.sync(names=[host], trigger="person")


@contextmanager
def _headway(listener: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    fd = listener.fileno()
    command = [sys.executable, "-m", "demo.headway", str(os.getpid()), "--bind", f"fd://{fd}"]
    # A separate session, so that Ctrl-C reaches it once, from us, and not a second time from the terminal.
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, pass_fds=(fd,))
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(port: int, headway: subprocess.Popen[bytes]) -> Iterator[None]:
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until and headway.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_SECONDS)
            yield
    sys.exit("Headway did not start: its own lines above say why.")


def listener_at(host: str) -> socket.socket:
    """The first free port, held from now on: another demo that starts meanwhile takes the next."""
    for port in range(FIRST_PORT, FIRST_PORT + 100):
        try:
            return socket.create_server((lan.bound_to(host), port))
        except OSError:
            continue
    sys.exit(f"No port from {FIRST_PORT} to {FIRST_PORT + 99} is free.")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
