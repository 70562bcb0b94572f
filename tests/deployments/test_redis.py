"""The queue in Redis instead of PostgreSQL: django-q2's own broker under our pool, as docs/operate.md offers it."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django_q.models import OrmQ
from pytest_django.fixtures import Settings
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from demo.world import World, read_mappings
from deployments.models import Deploy, Status, SyncRun
from tests.conftest import need_program
from tests.factories import make_sites
from tests.processes import MANAGE, Running, environment, eventually, free_port

SET_ASIDE = """
from deployments.operations.sync.request import wait_for_another
wait_for_another(names=["{host}"], trigger="person")
"""

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    command = [need_program("redis-server"), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    url = f"redis://127.0.0.1:{port}/0"
    with (
        Running(command, {}, log=tmp_path / "redis.log", folder=tmp_path) as server,
        Redis.from_url(url) as client,
    ):
        assert eventually(lambda: _answers(client), seconds=60), server.message
        yield url


def _answers(client: Redis) -> bool:
    with suppress(RedisConnectionError):
        return bool(client.ping())
    return False


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    with World(read_mappings()[:1], start_seconds=0.05) as world:
        settings.IMAGE_TEMPLATE = world.image_template
        yield world


def test_a_worker_does_a_deploy_that_waits_in_redis(redis_url: str, world: World, tmp_path: Path) -> None:
    (host,) = make_sites(world)
    sha = world.commit(host)
    env = environment(tmp_path, **world.settings(tmp_path)) | {
        "DJANGO_SETTINGS_MODULE": "tests.deployments.redis_settings",
        "REDIS_URL": redis_url,
    }

    # It was set aside while a sync was at work whose worker has died since.
    subprocess.run([*MANAGE, "shell", "-c", SET_ASIDE.format(host=host)], env=env, check=True)

    with Running([*MANAGE, "worker"], env, log=tmp_path / "worker.log") as worker:
        for command in (["sync", host], ["deploy", host, "--wait"]):
            done = subprocess.run([*MANAGE, *command], env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr + worker.message
        assert eventually(SyncRun.objects.filter(trigger="person", result="good").exists, seconds=60), (
            worker.message
        )
        worker.process.terminate()
        assert worker.process.wait(timeout=60) == 0

    assert Deploy.objects.get().status == Status.SUCCEEDED
    assert Deploy.objects.get().sha == sha
    assert not OrmQ.objects.exists()
