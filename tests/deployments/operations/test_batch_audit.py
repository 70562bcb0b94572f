"""What the audit log has about several sites' Deploys as one request."""

from uuid import uuid4

import pytest

from deployments.models import AuditEvent, Site
from deployments.operations.deploys.batch import BatchEntry, cancel_batch, request_batch
from tests.factories import JUST_NOW, NOW, create_site, make_user

pytestmark = pytest.mark.five_sites

SHA = "3f9c2a17b4d8e6051c2f9a8b7d6e5f4a3b2c1d0e"


def test_the_request_names_every_site_and_the_cancelling_is_recorded_too(sites: dict[str, Site]) -> None:
    eve = make_user("eve")
    key = uuid4()
    entries = [BatchEntry(host, SHA, "") for host in sorted(sites)[:3]]
    batch = request_batch(entries=entries, by=eve, authentication=JUST_NOW, key=key, now=NOW)
    request_batch(entries=entries, by=eve, authentication=JUST_NOW, key=key, now=NOW)
    batch.state, batch.finished_at = "running", None
    batch.save()

    cancel_batch(batch=batch, by=eve, now=NOW)

    stated = AuditEvent.objects.filter(site=None, actor=eve).order_by("pk").values_list("kind", "message")
    assert list(stated) == [
        ("deploy", f"Requested deploys of 3 sites, one after another: {', '.join(sorted(sites)[:3])}."),
        ("cancel", "Cancelled the deploys of 3 sites. 2 sites after it not started."),
    ]


def test_of_many_sites_the_first_ten_are_named(sites: dict[str, Site]) -> None:
    for number in range(12):
        create_site(
            host=f"{number:02}.example.com",
            owner="icco",
            repository="cron",
            namespace="default",
            deployment=f"cron-{number}",
            container="cron",
        )
    hosts = Site.objects.filter(host__endswith=".example.com").order_by("host").values_list("host", flat=True)

    entries = [BatchEntry(host, SHA, "") for host in hosts]
    request_batch(entries=entries, by=make_user(), authentication=JUST_NOW, key=None, now=NOW)

    stated = AuditEvent.objects.filter(site=None, kind="deploy").get().message
    assert stated.endswith("08.example.com, 09.example.com and 2 more.")
