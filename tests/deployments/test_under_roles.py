"""Headway's main ways, with web and a worker as processes that each connect as their own role."""

import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from django.contrib.auth.models import User
from django_q.models import OrmQ, Task

from demo.world import World
from deployments.models import AuditEvent, Deploy, Hold, Site, Status, SyncRun
from tests.factories import workload_forms
from tests.processes import MANAGE, Running, environment, eventually, free_port
from tests.roles import WEB, WORKER, url_of
from tests.worlds import sites, world

__all__ = ["sites", "world"]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TIMEOUT_SECONDS = 90
PASSWORD = "long enough 7"


class Browser:
    """Someone at web's pages, as a browser without JavaScript."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = requests.Session()

    def post(self, path: str, **form: str) -> requests.Response:
        if "csrftoken" not in self.session.cookies:
            self.session.get(f"{self.address}/login/", timeout=60)
        form |= {"csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
        answer = self.session.post(f"{self.address}{path}", form, timeout=60)
        assert answer.status_code == 200, answer.text[:2000]
        return answer

    def get(self, path: str) -> str:
        answer = self.session.get(f"{self.address}{path}", timeout=60)
        assert answer.status_code == 200, answer.text[:2000]
        return answer.text


@pytest.fixture
def headway(world: World, sites: dict[str, Site], static_files: None, tmp_path: Path) -> Iterator[Browser]:
    """Web and a worker as in production, each with its own role; a browser at web."""
    bind = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn"]
    env = environment(tmp_path, **world.settings(tmp_path))
    worker_env = env | {"DATABASE_URL": url_of(WORKER)}
    web_env = env | {"DATABASE_URL": url_of(WEB), "KUBECONFIG": "", "GITHUB_TOKEN": ""}
    with (
        Running([*MANAGE, "worker"], worker_env, log=tmp_path / "worker.log") as worker,
        Running([*command, "--bind", bind], web_env, log=tmp_path / "web.log") as web,
    ):
        assert eventually(lambda: _is_up(f"http://{bind}"), seconds=TIMEOUT_SECONDS), web.message
        yield Browser(f"http://{bind}")
    for running in (worker, web):
        assert "permission denied" not in running.message


def _is_up(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def wait_for(condition: object) -> None:
    assert eventually(condition, seconds=TIMEOUT_SECONDS)  # type: ignore[arg-type]


def test_everything_works_under_these_roles(world: World, sites: dict[str, Site], headway: Browser) -> None:
    host, site = next(iter(sites.items()))
    before = world.repository(host).head
    User.objects.create_superuser("root", password=PASSWORD)

    headway.post("/login/", login="root", password=PASSWORD)
    wait_for(SyncRun.objects.filter(is_full=True, finished_at__isnull=False).exists)
    sha = world.commit(host)
    headway.post(f"/sites/{host}/sync")
    wait_for(lambda: Site.objects.get(pk=site.pk).observation.head_sha == sha)

    headway.post(f"/sites/{host}/deploy", sha=sha, seen=before, key=str(uuid4()))
    wait_for(Deploy.objects.filter(sha=sha, status=Status.SUCCEEDED).exists)
    assert world.running_image(host) == world.image(host, sha)

    headway.post(f"/sites/{host}/rollback", sha=before, seen=sha, key=str(uuid4()))
    wait_for(Deploy.objects.filter(sha=before, status=Status.SUCCEEDED).exists)
    assert world.running_image(host) == world.image(host, before)

    wait_for(Hold.objects.filter(site=site, resumed_at=None).exists)
    headway.post(f"/holds/{Hold.objects.get().pk}/resume")
    headway.post("/hold", reason="Until Monday", ends="hour")
    assert Hold.objects.filter(site=None, resumed_at=None).exists()

    form = {"host": host, "owner": site.owner, "repository": site.repository, "branch": "main"}
    form |= workload_forms(site)
    form |= {
        "commit_source": "tag",
        "check_path": "/",
        "check_status": "200",
        "check_timeout_seconds": "9",
        "minimum_interval_minutes": "0",
    }
    headway.post(f"/admin/deployments/site/{site.pk}/change/", **form)
    assert Site.objects.get(pk=site.pk).check_timeout_seconds == 9
    other = next(each for each in sites.values() if each.pk != site.pk)
    headway.post(f"/admin/deployments/site/{other.pk}/delete/", post="yes")
    assert not Site.objects.filter(pk=other.pk).exists()
    for page in ("/", "/activity/", "/audit/", "/doctor/", f"/sites/{host}/", "/admin/django_q/success/"):
        headway.get(page)

    kinds = set(AuditEvent.objects.values_list("kind", flat=True))
    assert kinds >= {"login", "sync", "deploy", "rollback", "hold", "resume", "mapping"}
    wait_for(lambda: not OrmQ.objects.exists())
    assert not Task.objects.filter(success=False).exists()
