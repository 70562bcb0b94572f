"""What Prometheus reads."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Task
from prometheus_client.parser import text_string_to_metric_families

from deployments.models import Deploy, Site, SyncRun
from tests.dashboard.conftest import HEAD, MakeSite

TOKEN = "metrics-token-of-the-tests"


@pytest.fixture(autouse=True)
def _token(settings: LazySettings) -> None:
    settings.METRICS_TOKEN = TOKEN


def scrape() -> dict[tuple[str, ...], float]:
    """Return every sample by its name and its labels' values."""
    response = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}", "Host": "10.1.2.3:8000"})
    assert response.status_code == 200, response.content
    families = text_string_to_metric_families(response.content.decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def ended(site: Site, status: str, *, seconds: int = 20) -> Deploy:
    now = timezone.now()
    asked = now - timedelta(seconds=seconds)
    return Deploy.objects.create(
        site=site,
        sha=HEAD,
        image="x",
        status=status,
        trigger="person",
        requested_by_name="eve",
        requested_at=asked,
        patched_at=asked + timedelta(seconds=0.2),
        finished_at=now,
    )


def test_sites_are_counted_by_state(make_site: MakeSite) -> None:
    make_site("one.example.com")
    make_site("two.example.com", running_sha=HEAD, desired_sha=HEAD, behind_by=0)

    found = scrape()

    assert found["headway_sites", "ready"] == 1
    assert found["headway_sites", "current"] == 1
    assert found["headway_sites", "failed"] == 0


def test_sites_that_need_attention_are_counted(make_site: MakeSite) -> None:
    make_site("ready.example.com")
    make_site("unknown.example.com", cluster_observed_at=None)
    make_site("building.example.com", head_image_built=False)
    make_site("current.example.com", running_sha=HEAD, desired_sha=HEAD, behind_by=0)

    found = scrape()

    assert found[("headway_sites_needing_attention",)] == 2


def test_deploys_are_counted_by_result_with_how_long_they_took(site: Site) -> None:
    ended(site, "succeeded", seconds=20)
    ended(site, "succeeded", seconds=50)
    ended(site, "failed")

    found = scrape()

    assert found["headway_deploys_total", "succeeded"] == 2
    assert found["headway_deploys_total", "failed"] == 1
    assert found["headway_deploys_total", "timed_out"] == 0
    assert found["headway_deploy_duration_seconds_bucket", "30.0"] == 1
    assert found["headway_deploy_duration_seconds_bucket", "60.0"] == 2
    assert found[("headway_deploy_duration_seconds_sum",)] == pytest.approx(70, abs=1)
    assert found["headway_deploy_wait_seconds_bucket", "0.25"] == 3


def test_a_sync_s_age_and_github_s_budget_are_reported() -> None:
    ago = timezone.now() - timedelta(minutes=10)
    SyncRun.objects.create(
        started_at=ago - timedelta(seconds=4),
        finished_at=ago,
        result="good",
        trigger="schedule",
        github_remaining=4711,
    )

    found = scrape()

    assert found[("headway_sync_age_seconds",)] == pytest.approx(600, abs=60)
    assert found[("headway_sync_interval_seconds",)] == 3600
    assert found[("headway_github_budget_remaining",)] == 4711
    assert found["headway_sync_duration_seconds_bucket", "5.0"] == 1


def test_the_queue_shows_its_length_and_the_age_of_its_oldest_task() -> None:
    now = timezone.now()
    OrmQ.objects.create(key="headway", payload="x", lock=now - timedelta(seconds=90))
    OrmQ.objects.create(key="headway", payload="taken", lock=now + timedelta(seconds=600))

    found = scrape()

    assert found[("headway_queue_tasks",)] == 1
    assert found[("headway_queue_age_seconds",)] == pytest.approx(90, abs=60)


def test_a_worker_s_silence_is_the_time_since_its_last_tick() -> None:
    ago = timezone.now() - timedelta(seconds=45)
    Task.objects.create(
        id="1", name="tick", func="deployments.tasks.tick", started=ago, stopped=ago, success=True
    )

    assert scrape()[("headway_worker_silence_seconds",)] == pytest.approx(45, abs=40)


def test_requests_are_counted_by_view_and_not_by_address(stranger: Client) -> None:
    key = ("headway_http_requests_total", "GET", "404", "none")
    before = scrape().get(key, 0)

    stranger.get("/no-such-page")
    stranger.get("/nor-this-one")

    assert scrape()[key] == before + 2


@pytest.mark.parametrize("header", ["", "Bearer wrong", f"Basic {TOKEN}"])
def test_nobody_reads_them_without_the_token(header: str) -> None:
    response = Client().get("/metrics", headers={"Authorization": header} if header else {})

    assert response.status_code == 401
    assert b"headway_sites" not in response.content


@pytest.mark.parametrize(("network", "status"), [("10.0.0.0/8", 200), ("192.168.0.0/16", 401)])
def test_a_network_may_replace_the_token(settings: LazySettings, network: str, status: int) -> None:
    settings.METRICS_TOKEN = ""
    settings.METRICS_NETWORKS = [network]

    assert Client().get("/metrics", REMOTE_ADDR="10.9.8.7").status_code == status


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"])
def test_a_network_does_not_count_for_what_was_forwarded(settings: LazySettings, header: str) -> None:
    settings.METRICS_NETWORKS = ["10.0.0.0/8"]

    response = Client().get("/metrics", REMOTE_ADDR="10.9.8.7", headers={header: "10.9.8.7"})

    assert response.status_code == 401


@pytest.mark.parametrize(
    "path", ["/%6detrics", "/%6Detrics?x=/metrics", "/metric%73", "http://headway/metrics"]
)
def test_a_network_does_not_count_for_another_spelling(settings: LazySettings, path: str) -> None:
    settings.METRICS_NETWORKS = ["10.0.0.0/8"]

    # As gunicorn hands it on: PATH_INFO is decoded, RAW_URI is what came.
    assert Client().get("/metrics", REMOTE_ADDR="10.9.8.7", RAW_URI=path).status_code == 401


def test_the_token_counts_for_what_was_forwarded() -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "192.0.2.1"}

    assert Client().get("/metrics", headers=headers).status_code == 200


def test_without_token_and_network_there_is_no_such_page(settings: LazySettings) -> None:
    settings.METRICS_TOKEN = ""

    assert Client().get("/metrics").status_code == 404
