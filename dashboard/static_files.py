"""Static files for web servers that run from a checkout; the production image has them from its build."""

import fcntl
import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from dashboard.embedded_postgres import STATE


def collect_static_files() -> None:
    """Collect and compress them into STATIC_ROOT, which takes a while: so only where one has changed since.

    Several processes may ask at once; all come back when it is done.
    """
    STATE.mkdir(exist_ok=True)
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    with (STATE / "static_files").open("a+") as note:
        fcntl.flock(note, fcntl.LOCK_EX)
        note.seek(0)
        present = _fingerprint()
        if note.read() != present:
            call_command("collectstatic", verbosity=0, interactive=False)
            note.truncate(0)
            note.write(present)


def _fingerprint() -> str:
    """Change when any file does, and when they are collected into another folder."""
    found = hashlib.sha256(f"{settings.STATIC_ROOT} {settings.STORAGES['staticfiles']}".encode())
    for finder in get_finders():
        for name, storage in finder.list(ignore_patterns=[]):
            file = Path(storage.path(name))
            found.update(f"{name} {file.stat().st_mtime_ns} {file.stat().st_size}\n".encode())
    return found.hexdigest()
