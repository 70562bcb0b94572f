"""What a web process imports: each library that it does not need would be memory."""

import os
import subprocess
import sys

from tests.processes import CHECKOUT

IMPORTED_BY_WEB = """
import sys
import dashboard.wsgi
from django.test import Client
from django.urls import get_resolver
get_resolver().url_patterns
print(*(name for name in sys.modules if name in sys.argv))
"""
WORKERS_ALONE = [
    *("kubernetes", "aiohttp", "pydantic", "sentry_sdk", "opentelemetry"),
    *("requests", "urllib3", "dulwich", "google.auth", "pywebpush"),
]


def test_web_never_imports_what_asks_outside() -> None:
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgres:///none", "SECRET_KEY": "x" * 50}

    done = subprocess.run(
        [sys.executable, "-c", IMPORTED_BY_WEB, *WORKERS_ALONE],
        cwd=CHECKOUT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == []
