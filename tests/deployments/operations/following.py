"""How tests bring a Deploy under way, and see it through."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from time import sleep

from django.utils import timezone

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Deploy
from deployments.operations.deploys.follow import Timeouts, follow
from simulators.cluster import HEALTHY, Behaviour
from tests.factories import ask, begin, observe

HOST = "cacophony.natwelch.com"
NAME = "cacophony"
TIMEOUTS = Timeouts(
    stability=timedelta(0),
    rollout=timedelta(minutes=15),
    poll_seconds=0.1,
    task=timedelta(seconds=60),
    check_host_again=timedelta(seconds=0.1),
)
POLLS_MORE = 10


class _EnoughSeen(Exception):
    pass


class Clock:
    """The real time, moved on by what a test jumps over."""

    def __init__(self, **ahead: float) -> None:
        self.ahead = timedelta(**ahead)

    def __call__(self) -> datetime:
        return timezone.now() + self.ahead


def rolled_out(world: World, clients: Clients, behaviour: Behaviour = HEALTHY) -> Deploy:
    """Commit to HOST's branch and patch its Deployment; the new image's containers do as `behaviour` says."""
    world.behaviours[world.image(HOST, world.commit(HOST))] = behaviour
    observe(clients)
    deploy = begin(ask(HOST), clients)
    Deploy.objects.filter(pk=deploy.pk).update(patched_at=timezone.now())
    return deploy


def see_through(
    deploy: Deploy,
    clients: Clients,
    *,
    timeouts: Timeouts = TIMEOUTS,
    clock: Clock | None = None,
    until: Callable[[Deploy], bool] | None = None,
) -> Deploy:
    """Follow the Deploy to its end; or until that holds of it, and ten looks more, which may change it again."""
    left = POLLS_MORE

    def rest(seconds: float) -> None:
        nonlocal left
        deploy.refresh_from_db()
        left -= bool(until and until(deploy))
        if not left:
            raise _EnoughSeen
        sleep(seconds)

    with suppress(_EnoughSeen):
        follow(clients=clients, timeouts=timeouts, clock=clock or Clock(), sleep=rest)
    deploy.refresh_from_db()
    assert until is None or left < POLLS_MORE, f"It never came to that: {stated(deploy)[-3:]}"
    return deploy


def stated(deploy: Deploy) -> list[str]:
    """Return the sentences of the timeline."""
    return list(deploy.events.values_list("message", flat=True))
