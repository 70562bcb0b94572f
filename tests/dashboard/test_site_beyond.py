"""What a site's page leads to, what it says of the mapping and of the past, and its switches."""

import gzip
from datetime import timedelta
from time import time
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from dashboard.accounts.reauthentication import CHECKED_AT
from deployments.facts import workloads_as_json
from deployments.models import AuditEvent, CommitRange, Deploy, Kind, Site, Status
from deployments.rules.site_workloads import WorkloadSeen
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite

URL = f"/sites/{HOST}/"
CRON = {"kind": "Deployment", "namespace": "default", "name": "cron"}


@pytest.fixture
def editor() -> Client:
    """One who edits mappings, and logged in just now."""
    user = User.objects.create_user("edda", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_site"))
    return log_in(user)


def log_in(user: User, *, minutes_ago: int = 0) -> Client:
    client = Client()
    client.force_login(user)
    session = client.session
    session[CHECKED_AT] = time() - minutes_ago * 60
    session.save()
    return client


def mapping_events() -> list[str]:
    return list(AuditEvent.objects.filter(kind=AuditEvent.Kind.MAPPING).values_list("message", flat=True))


def make_deploy(site: Site, status: Status = Status.SUCCEEDED, **values: object) -> Deploy:
    now = timezone.now()
    made = {
        "sha": HEAD,
        "image": f"{site.expected_repository}:{HEAD}",
        "requested_at": now,
        "patched_at": now - timedelta(seconds=40),
        "finished_at": now,
        "idempotency_key": uuid4(),
    }
    return Deploy.objects.create(site=site, status=status, **made | values)


def test_the_page_leads_to_what_one_wants_to_know_next(viewer: Client, make_site: MakeSite) -> None:
    make_site(head_headline="Fix the board (#123)")

    page = viewer.get(URL).text.partition('<nav class="links"')[2].partition("</nav>")[0]

    for address in (
        f"https://{HOST}/",
        f"https://github.com/icco/cron/compare/{RUNNING}...{HEAD}",
        f"https://github.com/icco/cron/commit/{HEAD}/checks",
        f"https://github.com/icco/cron/commit/{HEAD}",
        "https://github.com/icco/cron/pull/123",
    ):
        assert f'href="{address}"' in page


def test_an_image_in_a_registry_with_pages_is_linked(viewer: Client, site: Site, settings: Settings) -> None:
    settings.IMAGE_TEMPLATE = "ghcr.io/icco/{repository}:{sha}"

    assert 'href="https://ghcr.io/icco/cron"' in viewer.get(URL).text


def test_a_workload_leads_to_the_cloud_s_console(viewer: Client, site: Site, settings: Settings) -> None:
    settings.CONSOLE_LINK = "https://console.example.com/{kind}/{namespace}/{name}"

    assert 'href="https://console.example.com/deployment/default/cron"' in viewer.get(URL).text


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (
            {"ready": 1, "wanted": 1, "containers": {"cron": RUNNING, "migrate": RUNNING}},
            f"cron, migrate: {RUNNING[:7]}. 1 of 1 pod ready.",
        ),
        ({"problem": "There is no Deployment default/cron: correct the mapping."}, "There is no Deployment"),
    ],
)
def test_the_mapping_says_what_was_found_of_each_workload(
    viewer: Client, make_site: MakeSite, seen: dict[str, object], words: str
) -> None:
    make_site(workloads=workloads_as_json([WorkloadSeen(**CRON, **seen)]))

    mapping = viewer.get(URL).text.partition('id="mapping"')[2]

    assert words in mapping


def test_a_workload_that_no_sync_has_seen_is_said_to_be_unchecked(viewer: Client, site: Site) -> None:
    assert "Not checked yet." in viewer.get(URL).text.partition('id="mapping"')[2]


def test_the_past_is_a_picture_with_words(viewer: Client, site: Site) -> None:
    make_deploy(site)
    make_deploy(site, Status.FAILED)
    make_deploy(site, kind=Kind.ROLLBACK)
    made_at = (timezone.now() - timedelta(hours=3, minutes=1)).isoformat()
    commit = {"sha": HEAD, "headline": "Fix it", "author": "Ada", "committed_at": made_at, "url": ""}
    CommitRange.objects.create(
        owner="icco", repository="cron", base=RUNNING, head=HEAD, total=1, commits=[commit]
    )

    page = viewer.get(URL).text

    assert "3 deploys in the last 90 days: 1 succeeded, 1 failed, 1 rolled back." in page
    assert "A deploy usually takes 40 seconds." in page
    assert "From commit to running: usually 3 hours." in page
    assert 'role="img"' in page


def test_a_site_that_was_never_deployed_has_no_picture(viewer: Client, site: Site) -> None:
    assert "<figure" not in viewer.get(URL).text


@pytest.mark.parametrize("name", ["auto_deploy", "auto_rollback"])
@pytest.mark.parametrize("state", ["on", "off"])
def test_who_edits_mappings_turns_a_switch_on_the_page(
    editor: Client, site: Site, name: str, state: str
) -> None:
    Site.objects.update(**{name: state == "off"})

    page = editor.get(URL).text
    answer = editor.post(f"{URL}automation", {"switch": f"{name} {state}"})

    assert f'value="{name} {state}"' in page
    assert answer.headers["Location"] == URL
    assert getattr(Site.objects.get(), name) is (state == "on")
    called = name.replace("_", "-")
    assert mapping_events() == [f"Turned {called} {state}."]


def test_a_second_tap_on_a_switch_is_audited_once(editor: Client, site: Site) -> None:
    for _ in range(2):
        editor.post(f"{URL}automation", {"switch": "auto_deploy on"})

    assert len(mapping_events()) == 1


def test_a_switch_asks_for_a_recent_login_first(site: Site) -> None:
    client = log_in(User.objects.create_superuser("olga", password="x"), minutes_ago=16)

    client.post(f"{URL}automation", {"switch": "auto_deploy on"})

    assert not Site.objects.get().auto_deploy


def test_staff_without_the_right_to_edit_mappings_sees_no_switch_and_is_refused(site: Site) -> None:
    client = log_in(User.objects.create_user("otto", is_staff=True))

    answer = client.post(f"{URL}automation", {"switch": "auto_deploy on"})

    assert f"{URL}automation" not in client.get(URL).text
    assert answer.status_code == 403
    assert not Site.objects.get().auto_deploy


@pytest.mark.parametrize("switch", ["", "auto_deploy", "owner on", "auto_deploy maybe"])
def test_what_is_no_switch_turns_nothing(editor: Client, site: Site, switch: str) -> None:
    answer = editor.post(f"{URL}automation", {"switch": switch})

    assert answer.headers["Location"] == URL
    assert mapping_events() == []


def test_a_deploy_that_succeeded_offers_the_site_first_and_the_next_one_second(
    deployer: Client, site: Site, make_site: MakeSite
) -> None:
    make_site("next.example.com")
    deploy = make_deploy(site)
    site.observation.latest_deploy = deploy
    site.observation.save()

    page = deployer.get(f"/deploys/{deploy.pk}/").text

    assert 0 < page.index(f'Visit<span class="unseen"> {HOST}') < page.index("Next: next.example.com")


def test_a_long_past_fits_into_what_a_page_may_weigh(deployer: Client, site: Site) -> None:
    now = timezone.now()
    Deploy.objects.bulk_create(
        Deploy(
            site=site,
            sha=f"{number:040x}",
            headline=f"Change number {number} of the board",
            message=f"Pod cron-{number} is ready and stable.",
            image="x",
            status=Status.SUCCEEDED if number % 3 else Status.FAILED,
            requested_by_name="eve",
            requested_at=now,
            finished_at=now - timedelta(hours=7 * number),
        )
        for number in range(300)
    )

    page = deployer.get(URL).content

    assert len(gzip.compress(page)) <= 15_000
