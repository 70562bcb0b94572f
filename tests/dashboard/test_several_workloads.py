"""Sites of several workloads: no page asks the database more often for them."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployments.models import Deploy, DeployStep, MappedWorkload, Site, Status, SyncRun
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite

PAGES = (
    *("/", "/activity/", "/deploy-all/", "/?q=cron", f"/sites/{HOST}/", f"/sites/{HOST}/deploy"),
    *(f"/sites/{HOST}/rollback", f"/sites/{HOST}/restart", "/deploys/{deploy}/", "/audit/", "/doctor/"),
    *("/admin/deployments/site/", "/admin/deployments/deploy/"),
)
MORE = (("StatefulSet", "worker"), ("DaemonSet", "cache"), ("CronJob", "report"))


@pytest.fixture
def owner() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    return client


@pytest.fixture
def deploy(site: Site, make_site: MakeSite, synced: SyncRun) -> Deploy:
    """The last one of a site, which has ended; another site is there, too."""
    make_site("other.example.com")
    now = timezone.now()
    deploy = Deploy.objects.create(
        site=site,
        sha=HEAD,
        from_sha=RUNNING,
        image=f"{site.expected_repository}:{HEAD}",
        status=Status.SUCCEEDED,
        requested_at=now,
        finished_at=now,
        idempotency_key=uuid4(),
    )
    DeployStep.objects.create(deploy=deploy, position=0, kind="Deployment", namespace="default", name="cron")
    return deploy


def add_workloads(deploy: Deploy) -> None:
    """Map every site to a workload of every kind, and let the Deploy have changed all of them."""
    for position, (kind, name) in enumerate(MORE, start=1):
        place = {"kind": kind, "namespace": "default", "position": position}
        for site in Site.objects.all():
            MappedWorkload.objects.create(site=site, name=f"{site.pk}-{name}", **place)
        DeployStep.objects.create(deploy=deploy, name=name, **place)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_makes_as_many_statements_for_four_workloads_as_for_one(
    owner: Client, deploy: Deploy, page: str
) -> None:
    address = page.format(deploy=deploy.pk)
    # What is cached for a process is there afterwards.
    statements(owner, address)
    with_one = statements(owner, address)
    add_workloads(deploy)

    with_four = statements(owner, address)

    assert len(with_four) == len(with_one), with_four


def statements(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return [each["sql"] for each in captured]


def test_the_admin_s_list_makes_as_many_statements_for_ten_sites_as_for_two(
    owner: Client, deploy: Deploy, make_site: MakeSite
) -> None:
    statements(owner, "/admin/deployments/site/")
    with_two = statements(owner, "/admin/deployments/site/")
    for number in range(8):
        make_site(f"site-{number}.example.com")

    with_ten = statements(owner, "/admin/deployments/site/")

    assert len(with_ten) == len(with_two), with_ten


def test_the_sheet_says_what_changes_and_what_no_rollback_takes_back(owner: Client, deploy: Deploy) -> None:
    add_workloads(deploy)
    Site.objects.filter(host=HOST).update(release_job="upgrade")

    page = " ".join(owner.get(f"/sites/{HOST}/deploy").text.split())

    assert "4 workloads get this commit: Deployment cron, StatefulSet" in page
    assert "Release job <code>upgrade</code> runs first" in page
    assert "A later rollback does not undo what it did" in page
