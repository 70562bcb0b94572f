"""More than twenty ways into the worker for an attacker who owns web: its environment with the signing key, and its database role.

None makes the worker run anything but our tasks, on mapped workloads, with images from its own prefixes.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import Error, transaction
from django.db.models import F, Q
from django_q.models import OrmQ, Task
from django_q.tasks import async_task
from pytest_django.fixtures import Settings

from demo.world import NAMESPACE, World, read_mappings
from deployments.models import ACTIVE_STATUSES, Deploy, Observation, Status
from deployments.queue.entries import TASKS
from tests.bombs import bombs, fill_every_table
from tests.factories import make_sites
from tests.processes import MANAGE, Running, environment, eventually
from tests.roles import WEB, WORKER, acting_as, url_of
from tests.ways_in import FOREIGN, REFUSED, WAYS, Intruder, Way, a_hook

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TIMEOUT_SECONDS = 120
ENDED_WITHOUT_A_CHANGE = {Status.FAILED, Status.TIMED_OUT, Status.SUPERSEDED}


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """A site for each way that needs a separate one, and one more."""
    with World(read_mappings()[: len(WAYS) + 1], start_seconds=0.05) as world:
        settings.IMAGE_TEMPLATE = world.image_template
        world.registry.push(FOREIGN, "1")
        yield world


def images(world: World) -> dict[str, str]:
    return {host: world.running_image(host) for host in world.mappings}


def take(one: Intruder, function: Way) -> bool:
    """Go that way as web's role; whether the database let it pass."""
    try:
        with acting_as(WEB), transaction.atomic():
            function(one)
    except Error:
        return False
    return True


def nothing_is_left_to_do() -> bool:
    return not OrmQ.objects.exists() and not Deploy.objects.filter(status__in=ACTIVE_STATUSES).exists()


def test_no_way_leads_into_the_worker(world: World, tmp_path: Path) -> None:
    *attacked, spared = make_sites(world).values()
    # Else a Deploy without one waits for the sync, and for the tick half a minute later.
    Observation.objects.bulk_create(Observation(site=each) for each in (*attacked, spared))
    before = images(world)
    env = environment(tmp_path, **world.settings(tmp_path)) | {"DATABASE_URL": url_of(WORKER)}
    with TemporaryDirectory(prefix="b") as folder:
        passed = {
            each.__name__: take(Intruder(each, site=site, world=world, folder=Path(folder)), each)
            for each, site in zip(WAYS, attacked, strict=True)
        }
        assert {name for name, has_passed in passed.items() if not has_passed} == REFUSED
        assert len(WAYS) >= 20

        with Running([*MANAGE, "worker"], env, log=tmp_path / "worker.log") as worker:
            assert eventually(nothing_is_left_to_do, seconds=TIMEOUT_SECONDS), worker.message[-3000:]
            after = images(world)
            sha = world.commit(spared.host)
            with acting_as(WEB):
                Intruder(a_hook, site=spared, world=world, folder=Path(folder)).deploy(
                    world.image(spared.host, sha)
                )
            shipped = eventually(
                lambda: world.running_image(spared.host).endswith(sha), seconds=TIMEOUT_SECONDS
            )

        assert list(Path(folder).iterdir()) == []
    assert after == before
    assert shipped, worker.message[-3000:]
    assert Deploy.objects.filter(trigger="failure", status=Status.FAILED).exists()
    ran = set(Task.objects.values_list("func", flat=True))
    assert ran <= {f"deployments.tasks.{name}" for name in TASKS}
    # A restart, and what asks for the image that runs already, sets no image and may succeed.
    changing = Deploy.objects.exclude(site=spared).exclude(Q(image=F("from_image")) | Q(kind="restart"))
    assert set(changing.values_list("status", flat=True)) <= ENDED_WITHOUT_A_CHANGE
    assert {each["metadata"]["namespace"] for each in deployments_of(world)} == {NAMESPACE}


def deployments_of(world: World) -> list[dict[str, Any]]:
    return [world.cluster.deployment(NAMESPACE, each.deployment) for each in world.mappings.values()]


ARGUMENTS: dict[str, list[Any]] = {
    **{
        name: [1]
        for name in ("start_deploy", "check_pending_image", "check_rollback_images", "notify_deploy_ended")
    },
    "notify_site_waits": [1, "s"],
}


@pytest.fixture
def kept_rows() -> Iterator[None]:
    """Repair what no test empties: the tables that `migrate` fills."""
    before = {model: list(model._base_manager.values()) for model in (Permission, ContentType, Group)}
    yield
    for model, rows in before.items():
        model._base_manager.exclude(pk__in=[row["id"] for row in rows]).delete()
        for row in rows:
            model._base_manager.filter(pk=row["id"]).update(**row)


@pytest.mark.usefixtures("kept_rows")
def test_a_worker_over_bombs_in_every_column_runs_its_tasks_and_nothing_else(tmp_path: Path) -> None:
    fill_every_table()
    with bombs() as laid:
        planted = laid.plant(laid.encoded()["base64"])
        assert planted >= {
            ("headway_cache", "value"),
            ("django_q_task", "result"),
            ("django_q_schedule", "func"),
        }
        env = environment(tmp_path, KUBECONFIG="") | {"DATABASE_URL": url_of(WORKER)}

        with Running([*MANAGE, "worker"], env, log=tmp_path / "worker.log") as worker:
            asked = {
                async_task(f"deployments.tasks.{each}", *ARGUMENTS.get(each, [])) for each in TASKS - {"ping"}
            }
            done = eventually(
                lambda: Task.objects.filter(id__in=asked).count() == len(asked), seconds=TIMEOUT_SECONDS
            )

        assert not laid.went_off
    assert done, worker.message[-3000:]
