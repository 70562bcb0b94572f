"""The pages' styles and scripts: one file per component, delivered as one request for each kind."""

import atexit
import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import get_ident
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

COMPONENTS = Path(__file__).parent
BUNDLES = {
    # In the order of the cascade: what refines another one comes after it.
    "dashboard/headway.css": (
        *("theme.css", "states.css", "buttons.css", "frame.css", "banners.css", "forms.css"),
        *(
            "list.css",
            "table.css",
            "sheet.css",
            "site.css",
            "history.css",
            "folds.css",
            "deploy.css",
            "reach.css",
            "print.css",
        ),
    ),
    "dashboard/headway.js": (
        "refresh.js",
        "sheet.js",
        "panes.js",
        "keys.js",
        "taps.js",
        "typed.js",
        "times.js",
        "kept_page.js",
    ),
    # For pages on which nothing is refreshed, and for the admin.
    "dashboard/forms.js": ("taps.js", "typed.js"),
}


class Bundles(BaseFinder):
    """Finds each bundle as the file that its components make together, for collectstatic as for a web server with DEBUG."""

    @cached_property
    def _folder(self) -> Path:
        """Made when someone asks, which no web server in the cluster does: the image has the collected files."""
        folder = mkdtemp(prefix="headway-")
        atexit.register(rmtree, folder, ignore_errors=True)
        return Path(folder)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        storage = FileSystemStorage(location=self._folder)
        for name in BUNDLES:
            self._write(name)
            yield name, storage

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:
        """Return the bundle's current path, or a list of it where `find_all`; an empty list where this is not a bundle."""
        if path not in BUNDLES:
            return []
        found = str(self._write(path))
        return [found] if find_all else found

    def _write(self, name: str) -> Path:
        """Write the bundle with the time of its newest component: so collectstatic knows whether anything has changed."""
        parts = [COMPONENTS / each for each in BUNDLES[name]]
        newest = max(each.stat().st_mtime_ns for each in (*parts, Path(__file__)))
        bundle = self._folder / name
        bundle.parent.mkdir(exist_ok=True)
        written = bundle.with_suffix(f".{get_ident()}")
        written.write_text("\n".join(part.read_text() for part in parts))
        os.utime(written, ns=(newest, newest))
        return written.replace(bundle)
