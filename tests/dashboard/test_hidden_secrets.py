"""Whatever setting is a secret by its name is hidden in every log line."""

import os
import re
import subprocess
import sys

import pytest

from docs.generate import SETTINGS, settings_read
from tests.processes import CHECKOUT

SECRET = re.compile(r"_(KEY|KEY_FALLBACKS|TOKENS?|SECRET|DSN|HEADERS)$")
SECRETS = sorted(
    {name for name in settings_read(SETTINGS.read_text()) if SECRET.search(name)} - {"VAPID_PUBLIC_KEY"}
)
WRITTEN = {
    "GITHUB_TOKENS": "acme={}",
    "OTEL_EXPORTER_OTLP_HEADERS": "authorization={}",
    "DATABASE_URL": "postgres://headway:{}@db/headway",
    "PING_URL": "https://ping.example.com/{}",
    "SENTRY_DSN": "https://{}@sentry.example.com/1",
}
SECRET_AS_A_WHOLE = {"PING_URL", "SENTRY_DSN"}
LOG = """
import sys
from dashboard import settings
settings.SENTRY_DSN = settings.OTEL_EXPORTER_OTLP_ENDPOINT = ""
import django, logging
django.setup()
for each in sys.argv[1:]:
    logging.getLogger("x").error("Look: %s", each)
"""


def mark(name: str) -> str:
    """What is secret in this setting."""
    return f"the-secret-of-{name.lower()}"


def written(name: str) -> str:
    return WRITTEN.get(name, "{}").format(mark(name))


@pytest.fixture(scope="module")
def logged() -> dict[str, str]:
    """The log's line about each secret, of a process that was given all of them."""
    names = [*SECRETS, "DATABASE_URL", "PING_URL"]
    env = {name: written(name) for name in names}
    secrets = [written(name) if name in SECRET_AS_A_WHOLE else mark(name) for name in names]
    done = subprocess.run(
        [sys.executable, "-c", LOG, *secrets],
        cwd=CHECKOUT,
        env=env | {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "dashboard.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if "Look: " in line]
    return dict(zip(names, lines, strict=True))


def test_there_are_as_many_as_we_know() -> None:
    assert len(SECRETS) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SECRETS, "DATABASE_URL", "PING_URL"])
def test_it_is_in_no_log_line(logged: dict[str, str], name: str) -> None:
    assert "Look: [hidden]" in logged[name]
    assert mark(name) not in logged[name]
