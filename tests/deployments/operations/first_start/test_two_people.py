"""Two people who add the same apps at one moment."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django_q.models import OrmQ

from deployments.models import AuditEvent, Discovery, MappedWorkload, Site
from deployments.operations.first_start.apps import FoundApp
from deployments.operations.first_start.save import GONE, TAKEN, Choice, Mapped, map_apps
from deployments.rules.reauth_reasons import Authentication
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db(transaction=True)
JUST_NOW = Authentication(at=NOW, counts_for=timedelta(minutes=15))
APPS = [
    FoundApp(
        key=f"{number:02}",
        name=f"app-{number}",
        workloads=f"Deployment default/app-{number}",
        image=f"registry.example.com/team/app-{number}:{'c' * 40}",
        owner="team",
        repository=f"app-{number}",
    )
    for number in range(20)
]


def choices(apps: Sequence[FoundApp], *, ending: str) -> list[Choice]:
    """Those apps under names of one's own."""
    return [
        Choice(key=each.key, name=f"{each.name}{ending}", host="", owner="team", repository=each.repository)
        for each in apps
    ]


def add_at_once(*of_each: tuple[User, list[Choice]]) -> list[Mapped]:
    start = threading.Barrier(len(of_each))

    def add(by: User, ticked: list[Choice]) -> Mapped:
        start.wait()
        try:
            return map_apps(choices=ticked, by=by, authentication=JUST_NOW, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(of_each)) as threads:
        return list(threads.map(lambda each: add(*each), of_each))


@pytest.mark.parametrize("ending", ["", "-of-bea"], ids=["the same names", "other names"])
def test_each_app_becomes_one_site_and_the_other_person_reads_why(ending: str) -> None:
    Discovery.record(finished_at=NOW, apps=[each.as_dict() for each in APPS])

    first, second = add_at_once(
        (make_user("ada"), choices(APPS, ending="")),
        (make_user("bea"), choices(APPS[::-1], ending=ending)),
    )

    assert Site.objects.count() == MappedWorkload.objects.count() == len(APPS)
    assert len(first.names) + len(second.names) == len(APPS)
    refused = first.refused | second.refused
    assert set(refused) == {each.key for each in APPS}
    assert all(each in {TAKEN, GONE} or "already" in each for each in refused.values()), refused
    assert AuditEvent.objects.filter(kind=AuditEvent.Kind.MAPPING).count() == len(APPS)
    assert OrmQ.objects.count() == bool(first.names) + bool(second.names)
