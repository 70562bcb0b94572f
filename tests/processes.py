"""Headway's own processes, started as they are in production, on the tests' database and a world on loopback."""

import atexit
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from threading import Lock
from time import monotonic, sleep
from typing import IO, Any, Self
from urllib.parse import quote

from django.conf import settings
from django.db import connection

CHECKOUT = Path(__file__).resolve().parent.parent
MANAGE = [sys.executable, str(CHECKOUT / "manage.py")]


def database_url() -> str:
    """Return the address of the database that this test uses."""
    given = connection.get_connection_params()
    user, password, host = (
        quote(str(given.get(each) or ""), safe="") for each in ("user", "password", "host")
    )
    return f"postgres://{user}:{password}@/{given['dbname']}?host={host}&port={given.get('port') or 5432}"


def environment(folder: Path, **values: str) -> dict[str, str]:
    """Return an environment for our processes: this database, this key, files in `folder`, and `values`."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        "STABILITY_SECONDS": "1",
        "HEARTBEAT_FILE": str(folder / "heartbeat"),
        "GITHUB_TOKEN": "token",
        "IMAGE_TEMPLATE": settings.IMAGE_TEMPLATE,
        # What a test brings about, its own sync finds, and the queue comes to rest.
        "HEAD_CHECK_SECONDS": "0",
        "PYTHONUNBUFFERED": "1",
    } | values


def eventually(condition: Callable[[], Any], *, seconds: float, every: float = 0.05) -> Any:
    """Ask again until the answer is true, and return it; return the last one when the time is over."""
    until = monotonic() + seconds
    while not (answer := condition()) and monotonic() < until:
        sleep(every)
    return answer


def free_port() -> int:
    """Return a port below those that a kernel hands out, so that nobody comes by it before our process listens there."""
    while True:
        port = SystemRandom().randrange(12_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class _Keeper:
    """Another process, which ends ours should pytest be killed; started with the first of them."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def pipe(self) -> IO[bytes]:
        """Return where it reads its lines."""
        with self._lock:
            if self._process is None:
                self._process = self._start()
            assert self._process.stdin is not None
            return self._process.stdin

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-IS", str(Path(__file__).with_name("keeper.py")), str(os.getpid())]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0, start_new_session=True)
        atexit.register(process.communicate)
        return process


_keeper = _Keeper()
# The process itself names its group, before it becomes the program: pytest may be killed as soon as it has started it.
_NAMED = ["/bin/sh", "-c", 'echo "+$$" >&0; exec "$@" </dev/null', "sh"]


class Running:
    """A process with its own group, of which nothing is left at the end of the block; nor of what it started.

    Where pytest itself is killed, the group is, too.
    """

    def __init__(
        self, command: list[str], env: Mapping[str, str], *, log: Path, folder: Path = CHECKOUT
    ) -> None:
        self._command, self._env, self.log, self._folder = command, dict(env), log, folder

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*_NAMED, *self._command],
                env=self._env,
                cwd=self._folder,
                start_new_session=True,
                stdin=_keeper.pipe(),
                stdout=log,
                stderr=log,
            )
        return self

    def __exit__(self, *_: object) -> None:
        family = self.family()
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill_group()
            self.process.wait()
            for pid in family & set(_processes()):
                os.kill(pid, signal.SIGKILL)

    def kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        _keeper.pipe().write(f"-{self.process.pid}\n".encode())

    @property
    def message(self) -> str:
        return self.log.read_text(errors="replace")

    def members(self) -> set[int]:
        """Processes of its group that live; zombies do not."""
        return {
            pid
            for pid, (_, group, state) in _processes().items()
            if group == self.process.pid and state != "Z"
        }

    def family(self) -> set[int]:
        """The process and all that it started, in whatever group."""
        found: set[int] = set()
        todo = {self.process.pid}
        while todo:
            found |= todo
            todo = set().union(*(self.children_of(pid) for pid in todo)) - found
        return found

    def children_of(self, pid: int) -> set[int]:
        return {each for each, (parent, _, state) in _processes().items() if parent == pid and state != "Z"}


def _processes() -> dict[int, tuple[int, int, str]]:
    """Every process' parent, group and state, from Linux' /proc/PID/stat."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[int(folder.name)] = (int(parent), int(group), state)
    return found
