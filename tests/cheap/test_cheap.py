"""What Headway costs where it runs; bench/idle.py measures more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from django.test import Client

from bench.idle import descendants, pss_megabytes
from demo.world import World
from deployments.models import Observation
from deployments.operations.sync_request import request_sync
from tests.factories import make_sites, make_user
from tests.processes import CHECKOUT, MANAGE, Running, environment, eventually, free_port

MOST_MEGABYTES = 250
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


@pytest.mark.whole_table
@pytest.mark.timeout(240)
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("static_files")
@pytest.mark.skipif(sys.platform != "linux", reason="PSS is Linux'")
def test_web_and_worker_fit_into_what_was_promised(world: World, tmp_path: Path) -> None:
    make_sites(world)
    client = Client()
    client.force_login(make_user())
    bind = f"127.0.0.1:{free_port()}"
    env = environment(tmp_path, **world.settings(tmp_path))
    web = ["gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn", "--bind", bind]
    with (
        Running([sys.executable, "-m", *web], env, log=tmp_path / "web.log") as web_process,
        Running([*MANAGE, "worker"], env, log=tmp_path / "worker.log") as worker_process,
    ):
        for _ in range(3):
            request_sync()
        seen = Observation.objects.exclude(cluster_observed_at=None)
        assert eventually(lambda: seen.count() == len(world.mappings), seconds=90), worker_process.said
        for _ in range(20):
            requests.get(
                f"http://{bind}/", cookies={"sessionid": client.cookies["sessionid"].value}, timeout=20
            )

        pids = descendants(web_process.process.pid) | descendants(worker_process.process.pid)
        assert pss_megabytes(pids) < MOST_MEGABYTES
