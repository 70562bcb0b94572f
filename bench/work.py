"""A busy hour in a minute, after which memory is measured."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any

import requests
from django.db.models import F

from bench.processes import tap
from demo.world import World

PHONES = 8
LEAFING = 3
ENDED_WITHIN_SECONDS = 300
PAGES = (
    *("/", "/activity/", "/audit/", "/doctor/", "/deploy-all/", "/me/notifications/", "/metrics"),
    *("/admin/", "/admin/deployments/site/", "/admin/django_q/success/"),
)


def work(address: str, cookies: dict[str, str], world: World) -> None:
    """Three syncs, then a Deploy of every site at once, while eight phones leaf through every page.

    Raises TimeoutError where a sync or a Deploy does not come to its end.
    """
    from deployments.models import Observation
    from deployments.queue import enqueue

    for host in world.mappings:
        world.commit(host)
    for _ in range(3):
        enqueue.sync(trigger="person")
    behind = (
        Observation.objects.exclude(head_sha=F("running_sha")).exclude(running_sha="").select_related("site")
    )

    def all_are_behind() -> bool:
        return behind.count() == len(world.mappings)

    _wait_until(all_are_behind)
    with ThreadPoolExecutor(PHONES) as phones:
        asked = [phones.submit(_tap, address, cookies, seen) for seen in behind]
        asked += [phones.submit(_leaf, address, cookies) for _ in range(PHONES * LEAFING)]
        for each in asked:
            each.result()
    _wait_until(_all_have_ended)


def _all_have_ended() -> bool:
    from deployments.models import ACTIVE_STATUSES, Deploy

    return not Deploy.objects.filter(status__in=ACTIVE_STATUSES).exists()


def _tap(address: str, cookies: dict[str, str], seen: Any) -> None:
    with _session(cookies) as session:
        tap(session, address, seen)


def _leaf(address: str, cookies: dict[str, str]) -> None:
    with _session(cookies) as session:
        for page in PAGES:
            session.get(address + page, timeout=120).raise_for_status()


def _session(cookies: dict[str, str]) -> requests.Session:
    session = requests.Session()
    session.cookies.update(cookies)
    return session


def _wait_until(condition: Callable[[], bool]) -> None:
    until = monotonic() + ENDED_WITHIN_SECONDS
    while not condition():
        if monotonic() > until:
            raise TimeoutError(f"{condition.__name__} did not come in {ENDED_WITHIN_SECONDS} s")
        sleep(0.2)
