"""Web and worker together, for a laptop. In a cluster the kubelet does what this does: restart what ended."""

import os
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from types import FrameType
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.static_files import collect_static_files
from deployments.management.parent import end_with_the_parent

POLL_SECONDS = 0.2
STARTED_TOO_OFTEN_SECONDS = 5
GRACE_SECONDS = 10


class Command(BaseCommand):
    help = "Migrate, then run the web server and a worker until Ctrl-C; restart either if it ends."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--bind",
            default="127.0.0.1:8000",
            help="address and port of the web server, or fd://N for a socket that listens already",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with listening_socket(options["bind"]) as listener:
            self.stderr.write(f"Headway starts on port {listener.getsockname()[1]}.")
            self._run(listener)

    def _run(self, listener: socket.socket) -> None:
        call_command("migrate", verbosity=0)
        collect_static_files()
        # Raised as an exception, a signal can be lost in whatever Python does at that moment.
        self._is_stopping = False
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._stop)
        manage = [sys.executable, str(Path(sys.argv[0]).resolve())]
        web = [sys.executable, "-m", "gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn"]
        fd = listener.fileno()
        children = [
            Child("web", [*web, "--bind", f"fd://{fd}"], pass_fds=(fd,)),
            Child("worker", [*manage, "worker"]),
        ]
        try:
            while not self._is_stopping:
                for child in children:
                    if child.is_due():
                        self.stderr.write(f"{child.name} {child.message}")
                        child.start()
                sleep(POLL_SECONDS)
            self.stderr.write("Stopping.")
        finally:
            for child in children:
                child.ask_to_end()
            for child in children:
                child.end()

    def _stop(self, _signum: int, _frame: FrameType | None) -> None:
        self._is_stopping = True


def listening_socket(bind: str) -> socket.socket:
    """Return a socket that listens there from now on, so that no other process takes the port while the database is migrated.

    Raises CommandError.
    """
    try:
        if bind.startswith("fd://"):
            return socket.socket(fileno=int(bind.removeprefix("fd://")))
        host, _, port = bind.rpartition(":")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host.strip("[]"), int(port)), family=family)
    except (OSError, OverflowError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "that is not an address and a port"
        raise CommandError(
            f"Headway cannot listen at {bind}: {reason}. Choose another with --bind."
        ) from error


class Child:
    """One process in its own group, so that a killed parent's orphans can be ended with it."""

    def __init__(self, name: str, command: list[str], *, pass_fds: tuple[int, ...] = ()) -> None:
        self.name = name
        self._pass_fds = pass_fds
        self.message = "starts"
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = float("-inf")

    def is_due(self) -> bool:
        """Whether it ought to be started now: it does not run, and did not start a moment ago."""
        if self._process is None:
            return True
        status = self._process.poll()
        if status is None or monotonic() - self._started_at < STARTED_TOO_OFTEN_SECONDS:
            return False
        self.message = f"ended with {status}, and starts again"
        return True

    def start(self) -> None:
        self._kill_group()
        self._started_at = monotonic()
        self._process = subprocess.Popen(  # noqa: S603
            self._command,
            start_new_session=True,
            pass_fds=self._pass_fds,
            preexec_fn=partial(end_with_the_parent, signal.SIGTERM, parent=os.getpid()),  # noqa: PLW1509  no thread runs here
        )

    def ask_to_end(self) -> None:
        """Signal the process alone, which lets its children end what they have begun."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._kill_group()
        self._process.wait()

    def _kill_group(self) -> None:
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return
