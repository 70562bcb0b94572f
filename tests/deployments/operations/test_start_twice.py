"""Two workers take up one Deploy, or one takes it up while the tick gives it up: the second one leaves it unchanged."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Status
from deployments.operations.deploys.start import start_deploy
from deployments.operations.tick import tick
from tests.factories import NOW, ask, observe
from tests.processes import eventually
from tests.sessions import someone_waits_for_a_lock

HOST = "cacophony.natwelch.com"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sites")]


@pytest.fixture
def queued(world: World, clients: Clients) -> Deploy:
    world.commit(HOST)
    observe(clients)
    return ask(HOST)


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    def run() -> None:
        work()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()


def test_the_second_leaves_what_the_first_has_begun(world: World, clients: Clients, queued: Deploy) -> None:
    world.registry.hang(1)

    def run() -> None:
        start_deploy(deploy_id=queued.pk, clients=clients, now=NOW)

    with meanwhile(run), meanwhile(run):
        pass

    queued.refresh_from_db()
    assert (queued.status, queued.finished_at) == (Status.ROLLING_OUT, None)


def test_what_begins_at_the_last_moment_is_not_given_up(queued: Deploy) -> None:
    is_begun = threading.Event()

    def begin_at_the_last_moment() -> None:
        with transaction.atomic():
            assert queued.mark_patch_sent(now=NOW)
            assert queued.move(Status.ROLLING_OUT, now=NOW, patched_at=NOW)
            is_begun.set()
            assert eventually(someone_waits_for_a_lock, seconds=10)

    with meanwhile(begin_at_the_last_moment):
        assert is_begun.wait(10)
        tick(now=NOW + timedelta(minutes=16))

    queued.refresh_from_db()
    assert (queued.status, queued.finished_at) == (Status.ROLLING_OUT, None)


def test_a_patch_sent_at_the_last_moment_times_out_as_such(queued: Deploy) -> None:
    is_stated = threading.Event()

    def tell_at_the_last_moment() -> None:
        with transaction.atomic():
            assert queued.mark_patch_sent(now=NOW)
            is_stated.set()
            assert eventually(someone_waits_for_a_lock, seconds=10)

    with meanwhile(tell_at_the_last_moment):
        assert is_stated.wait(10)
        tick(now=NOW + timedelta(minutes=16))

    queued.refresh_from_db()
    assert queued.status == Status.TIMED_OUT
    assert "Not known whether the cluster accepted the change" in queued.message
