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
MARK = "the-secret-itself"
WRITTEN = {
    "GITHUB_TOKENS": f"acme={MARK}",
    "OTEL_EXPORTER_OTLP_HEADERS": f"authorization={MARK}",
    "DATABASE_URL": f"postgres://headway:{MARK}@db/headway",
    "PING_URL": f"https://ping.example.com/{MARK}",
    "SENTRY_DSN": f"https://{MARK}@sentry.example.com/1",
}
SECRET_AS_A_WHOLE = {"PING_URL", "SENTRY_DSN"}
LOG = """
import sys
from dashboard import settings
settings.SENTRY_DSN = ""
import django, logging
django.setup()
logging.getLogger("x").error("Look: %s", sys.argv[1])
"""


def test_there_are_as_many_as_we_know() -> None:
    assert len(SECRETS) >= 10


@pytest.mark.parametrize("name", [*SECRETS, "DATABASE_URL", "PING_URL"])
def test_it_stands_in_no_log_line(name: str) -> None:
    value = WRITTEN.get(name, MARK)
    secret = value if name in SECRET_AS_A_WHOLE else MARK
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "dashboard.settings",
           "DATABASE_URL": "postgres:///none", "SECRET_KEY": "x" * 50, name: value}  # fmt: skip

    done = subprocess.run(
        [sys.executable, "-c", LOG, secret], cwd=CHECKOUT, env=env, capture_output=True, text=True, check=True
    )

    assert "Look: [hidden]" in done.stderr
