"""The pods and the logs on a site's page: who may ask for them, and what is shown."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from deployments.facts import listed_pods_as_json
from deployments.models import AuditEvent, ContainerLog, PodCheck, Site
from deployments.rules.pod_list import ListedPod
from tests.dashboard.conftest import HOST
from tests.factories import make_user

URL = f"/sites/{HOST}/"
POD = "cron-5d4f8c7b9-x2k4p"
ASK = {"pod": POD, "namespace": "default"}


@pytest.fixture
def checked(site: Site) -> Site:
    now = timezone.now()
    pod = ListedPod(
        workload="Deployment cron",
        namespace="default",
        name=POD,
        status="Running",
        ready=1,
        containers=2,
        restarts=3,
        node="node-7",
        created_at=now - timedelta(hours=5),
    )
    PodCheck.objects.create(site=site, asked_at=now, checked_at=now, pods=listed_pods_as_json([pod]))
    return site


@pytest.fixture
def other() -> Client:
    """Someone else who may deploy."""
    client = Client()
    client.force_login(make_user("nat"))
    return client


def queued_for_pods() -> list[str]:
    """A page that is opened has its image's provenance checked, too."""
    return [entry.func() for entry in OrmQ.objects.all() if entry.group() == "pods"]


def make_log(site: Site, **values: object) -> ContainerLog:
    asked = {"namespace": "default", "pod": POD, "asked_at": timezone.now() - timedelta(seconds=1)}
    return ContainerLog.objects.create(site=site, **asked | values)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "fragment"])
def test_no_browser_keeps_a_log(deployer: Client, site: Site, headers: dict[str, str]) -> None:
    log = make_log(site, read_at=timezone.now())

    answer = deployer.get(f"/logs/{log.pk}/", headers=headers)

    assert "no-store" in answer["Cache-Control"]


def test_a_page_that_is_opened_has_the_pods_checked_and_says_so(deployer: Client, site: Site) -> None:
    opened = deployer.get(URL).text
    deployer.post(f"{URL}pods", headers={"HX-Request": "true"})
    waiting = deployer.get(URL).text

    assert 'id="ask-pods"' in opened
    assert queued_for_pods() == ["deployments.tasks.check_pods"]
    assert "Checking the pods" in waiting
    assert 'id="ask-pods"' not in waiting
    assert 'data-every="4"' not in waiting


def test_without_script_a_button_leads_back_to_the_page(deployer: Client, site: Site) -> None:
    answer = deployer.post(f"{URL}pods")

    assert (answer.status_code, answer.headers["Location"]) == (302, URL)


@pytest.mark.usefixtures("checked")
def test_a_pod_is_shown_with_its_age_its_restarts_its_node_and_its_state(viewer: Client) -> None:
    page = viewer.get(URL).text

    for shown in (POD, "Running", "1 of 2 ready", "3 restarts", "5 h ago", "on node-7"):
        assert shown in page
    assert f"{URL}log" not in page


def test_pods_that_were_checked_ten_minutes_ago_are_not_shown(deployer: Client, checked: Site) -> None:
    then = timezone.now() - timedelta(minutes=10)
    PodCheck.objects.update(asked_at=then, checked_at=then)

    page = deployer.get(URL).text

    assert POD not in page
    assert 'id="ask-pods"' in page


@pytest.mark.usefixtures("checked")
def test_a_log_is_requested_in_one_tap_and_its_page_waits(deployer: Client) -> None:
    page = deployer.get(URL).text

    answer = deployer.post(f"{URL}log", ASK)
    log = ContainerLog.objects.get()
    waiting = deployer.get(answer.headers["Location"]).text

    assert f'action="{URL}log"' in page
    assert answer.headers["Location"] == f"/logs/{log.pk}/"
    assert queued_for_pods() == ["deployments.tasks.read_log"]
    assert "<progress" in waiting
    assert 'http-equiv="refresh"' in waiting


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({}, f"Read a log of pod default/{POD}."),
        ({"container": "web"}, f"Read the log of container web of pod default/{POD}."),
        (
            {"container": "web", "previous": "on"},
            f"Read the log of container web of pod default/{POD}, its previous run.",
        ),
    ],
)
def test_who_read_which_log_is_in_the_audit_once(
    deployer: Client, site: Site, choice: dict[str, str], message: str
) -> None:
    page = deployer.post(f"{URL}log", ASK | choice, REMOTE_ADDR="192.0.2.9").headers["Location"]
    for _ in range(3):
        deployer.get(page)

    event = AuditEvent.objects.get(kind="log")
    assert (event.kind, event.message, event.host) == ("log", message, HOST)
    assert (event.actor_name, event.address) == ("eve", "192.0.2.9")


def test_someone_else_who_opens_it_meanwhile_is_in_the_audit_too(
    deployer: Client, other: Client, site: Site
) -> None:
    page = deployer.post(f"{URL}log", ASK).headers["Location"]

    for _ in range(3):
        other.get(page)

    names = list(AuditEvent.objects.filter(kind="log").values_list("actor_name", flat=True))
    assert len(names) == len(set(names)) == 2


def test_a_log_that_was_read_again_is_noted_again_for_everyone_who_opens_it(
    deployer: Client, other: Client, site: Site
) -> None:
    page = deployer.post(f"{URL}log", ASK).headers["Location"]
    other.get(page)
    other.post(f"{URL}log", ASK)

    deployer.get(page)

    assert AuditEvent.objects.filter(kind="log").count() == 4


@pytest.mark.parametrize("wrong", [{"pod": "../secrets"}, {"namespace": "kube/system"}])
def test_what_asks_for_no_log_is_not_noted(deployer: Client, site: Site, wrong: dict[str, str]) -> None:
    deployer.post(f"{URL}log", ASK | wrong)
    deployer.get("/logs/7/")

    assert not AuditEvent.objects.filter(kind="log").exists()


def test_a_log_is_shown_as_text_with_the_other_runs_beside_it(deployer: Client, site: Site) -> None:
    log = make_log(
        site,
        read_at=timezone.now(),
        text="panic: <script>alert(1)</script>",
        shown_container="cron",
        shown_previous=True,
        choices=[{"container": "cron", "previous": False}, {"container": "cron", "previous": True}],
    )

    page = deployer.get(f"/logs/{log.pk}/").text

    assert "panic: &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "previous run" in page
    assert "data-every" not in page
    assert 'http-equiv="refresh"' not in page


def test_a_log_that_is_kept_no_longer_is_not_found(deployer: Client, site: Site) -> None:
    log = make_log(site, asked_at=timezone.now() - timedelta(minutes=11))

    assert deployer.get(f"/logs/{log.pk}/").status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"pod": "../secrets"}, {"pod": ""}, {"namespace": "kube/system"}, {"container": "A B"}]
)
def test_what_is_no_name_asks_the_cluster_nothing(
    deployer: Client, site: Site, wrong: dict[str, str]
) -> None:
    answer = deployer.post(f"{URL}log", ASK | wrong)

    assert answer.headers["Location"] == URL
    assert not ContainerLog.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_viewer_reads_no_log(viewer: Client, site: Site) -> None:
    log = make_log(site, read_at=timezone.now(), text="secret")

    refused = [viewer.get(f"/logs/{log.pk}/"), viewer.post(f"{URL}log", ASK), viewer.post(f"{URL}pods")]

    assert [answer.status_code for answer in refused] == [403, 403, 403]
