"""From a push to new pods, through a real web and a real worker: GitHub says so once, and a signature is all that it needs."""

import sys
from pathlib import Path

import pytest
import requests

from demo.world import World
from deployments.models import Deploy, HookDelivery, Site, Status
from tests.factories import make_sites
from tests.github_hooks import SECRET
from tests.processes import MANAGE, Running, environment, eventually, free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
HOST = "cacophony.natwelch.com"


def test_a_push_is_delivered_as_a_hook_and_its_pods_run(world: World, tmp_path: Path) -> None:
    make_sites(world)
    Site.objects.update(auto_deploy=True, check_enabled=False)
    address = f"http://127.0.0.1:{free_port()}"
    # Nothing but the hook says that there is something new.
    env = environment(
        tmp_path,
        PUBLIC_URL=address,
        GITHUB_HOOK_SECRETS=SECRET,
        **world.settings(tmp_path),
    )
    web = [sys.executable, "-m", "gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn"]
    with (
        Running([*web, "--bind", address.removeprefix("http://")], env, log=tmp_path / "web.log") as serving,
        Running([*MANAGE, "worker"], env, log=tmp_path / "worker.log") as worker,
    ):
        assert eventually(lambda: answers(address), seconds=60), serving.message
        assert eventually(lambda: Site.objects.exclude(observation__head_sha="").exists(), seconds=60), (
            worker.message
        )
        world.github.webhooks.add(f"{address}/hooks/github", secret=SECRET)
        repository, before = world.repository(HOST), world.repository(HOST).head

        sha = world.commit(HOST)
        world.github.webhooks.push(repository, before=before)

        assert [each.status for each in world.github.webhooks.deliveries] == [202]
        assert eventually(
            lambda: Deploy.objects.filter(sha=sha, status=Status.SUCCEEDED).exists(), seconds=60
        ), worker.message
        assert world.running_image(HOST).endswith(sha)
        assert HookDelivery.objects.get().state == "queued"


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=5).ok
    except requests.RequestException:
        return False
