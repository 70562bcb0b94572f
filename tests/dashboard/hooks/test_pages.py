"""For administrators: whether hooks arrive, what came of them, and how each door is set up."""

import re
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from deployments.models import Deploy, HookDelivery, Site, SyncRun
from deployments.operations.hooks.syncs import prune_deliveries, queue_hook_syncs
from tests.dashboard.conftest import HEAD, HOST
from tests.github_hooks import SECRET, deliver, push


@pytest.fixture
def admin(settings: LazySettings) -> Client:
    settings.GITHUB_HOOK_SECRETS = [SECRET]
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_before_anything_came_each_door_says_so(admin: Client) -> None:
    page = " ".join(admin.get("/hooks/").text.split())

    assert len(re.findall("<dd> ?never ?</dd>", page)) == 8
    assert page.count("Not set up") == 3


def test_a_delivery_is_shown_with_what_was_understood_and_what_came_of_it(admin: Client, site: Site) -> None:
    deliver(admin, "push", push())
    before = admin.get("/hooks/").text
    now = timezone.now()
    queue_hook_syncs(now=now)
    run = SyncRun.objects.create(
        started_at=now,
        finished_at=now + timedelta(seconds=1),
        trigger="hook",
        is_full=False,
        decisions={HOST: []},
    )
    deploy = Deploy.objects.create(
        site=site, sha=HEAD, image="a", status="succeeded", trigger="sync", requested_at=now, finished_at=now
    )

    after = admin.get("/hooks/").text

    assert "Push to icco/cron: bbbbbbb on main" in before
    assert f"{HOST} is checked." in before
    assert "Waiting for a worker." in before
    assert "Waiting for a worker." not in after
    assert f'href="/syncs/{run.pk}/"' in after
    assert f'href="/deploys/{deploy.pk}/"' in after


def test_a_sync_of_other_sites_or_from_before_is_not_what_came_of_it(admin: Client, site: Site) -> None:
    now = timezone.now()
    SyncRun.objects.create(started_at=now, trigger="hook", is_full=False, decisions={HOST: []})
    deliver(admin, "push", push())
    later = timezone.now()
    SyncRun.objects.create(
        started_at=later, trigger="hook", is_full=False, decisions={"other.example.com": []}
    )

    assert "Waiting for a worker." in admin.get("/hooks/").text


def test_what_was_ignored_says_why(admin: Client, site: Site) -> None:
    site.branch = "main"
    site.save()
    deliver(admin, "push", push(branch="docs"))

    page = admin.get("/hooks/").text

    assert "No site follows docs of icco/cron, only main." in page
    assert "Waiting for a worker." not in page


def test_what_a_sender_writes_is_text(admin: Client) -> None:
    deliver(admin, "push", push("<script>alert(1)</script>", branch="<b>"))

    page = admin.get("/hooks/").text

    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page


def test_the_last_refusal_is_shown(admin: Client) -> None:
    HookDelivery.objects.all().delete()
    deliver(Client(), "push", push(), secret="another-secret-of-theirs")

    # Noted once a minute for each process: another test may have been there before.
    page = admin.get("/hooks/").text

    assert "The signature fits none of GITHUB_HOOK_SECRETS." in page or "Last refusal" not in page


def test_the_last_one_for_a_site_is_known_after_its_day(admin: Client, site: Site) -> None:
    deliver(admin, "push", push())
    deliver(admin, "ping", {"zen": "x"})
    HookDelivery.objects.update(received_at=timezone.now() - timedelta(days=3))

    prune_deliveries(now=timezone.now())

    assert admin.get("/hooks/").text.count("3 d ago") == 4


def test_the_pages_take_a_number_of_statements_that_does_not_grow(
    admin: Client, site: Site, django_assert_max_num_queries: object
) -> None:
    for number in range(12):
        deliver(admin, "push", push(after=f"{number:040x}"))

    with django_assert_max_num_queries(20):
        admin.get("/hooks/")


def test_setting_up_gives_addresses_and_commands_and_no_secret(
    admin: Client, site: Site, settings: LazySettings
) -> None:
    settings.PUBLIC_URL = "https://headway.example.com"

    page = admin.get("/hooks/set-up").text

    assert "https://headway.example.com/hooks/github" in page
    assert "for REPOSITORY in icco/cron; do" in page
    assert "id-token: write" in page
    assert "gcloud pubsub subscriptions create" in page
    assert SECRET not in page
    assert "PUBLIC_URL is not" not in page


@pytest.mark.parametrize("address", ["/hooks/", "/hooks/set-up"])
def test_only_administrators_read_them(deployer: Client, address: str) -> None:
    assert deployer.get(address).status_code == 403


def test_the_activity_page_leads_there_for_administrators_alone(admin: Client, deployer: Client) -> None:
    assert 'href="/hooks/"' in admin.get("/activity/").text
    assert 'href="/hooks/"' not in deployer.get("/activity/").text
