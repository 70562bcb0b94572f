"""Errors go to Sentry where SENTRY_DSN is set."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest

from simulators.loopback import LoopbackServer, Request, Response

pytestmark = pytest.mark.slow  # starts processes

CHECKOUT = Path(__file__).resolve().parents[2]
LOG_AN_ERROR = """
import django, logging
django.setup()
logging.getLogger("deployments").error("The token %s was refused", "ghp_the-token-itself")
import sentry_sdk
sentry_sdk.flush(60)
"""


@pytest.fixture
def received() -> Iterator[tuple[str, list[bytes]]]:
    """A small Sentry: its DSN, and the bodies that it was sent."""
    bodies: list[bytes] = []

    def answer(request: Request) -> Response:
        body = request.body
        bodies.append(brotli.decompress(body) if request.headers.get("content-encoding") == "br" else body)
        return Response()

    server = LoopbackServer(answer).start()
    yield f"http://public@{server.host}/1", bodies
    server.stop()


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "DATABASE_URL": "postgres:///none",
        "SECRET_KEY": "x" * 50,
        "GITHUB_TOKEN": "ghp_the-token-itself",
        **environment,
    }
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False)


def test_an_error_is_sent_without_secrets(received: tuple[str, list[bytes]]) -> None:
    dsn, bodies = received

    done = run(LOG_AN_ERROR, SENTRY_DSN=dsn)

    assert done.returncode == 0, done.stderr
    sent = b"".join(bodies).decode()
    assert "was refused" in sent
    assert "ghp_the-token-itself" not in sent


def test_nothing_of_it_is_loaded_where_no_address_is_set() -> None:
    done = run("import django, sys; django.setup(); print('sentry_sdk' in sys.modules)")

    assert done.stdout.strip() == "False", done.stderr


def test_a_missing_package_is_named() -> None:
    code = "import sys; sys.modules['sentry_sdk'] = None\nimport django; django.setup()"

    done = run(code, SENTRY_DSN="https://public@sentry.example.com/1")

    assert "--extra sentry" in done.stderr
