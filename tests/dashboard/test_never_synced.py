"""A site that no sync has checked yet: every address of it answers with a sentence, neither 404 nor 500."""

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import AuditEvent, Deploy, Hold, Observation, Site
from deployments.queries.metrics_data import metrics_data
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite
from tests.factories import create_site

NOT_SEEN = "Headway has not seen this site in the cluster yet. Sync first"


@pytest.fixture
def unseen() -> Site:
    """As the admin or an import makes it."""
    return create_site(host=HOST, owner="icco", repository="cron", deployment="cron", container="cron")


@pytest.mark.parametrize(
    "path", ["", "deploy", f"deploy?sha={HEAD}", "rollback", f"rollback?sha={HEAD}", "restart", "drift"]
)
def test_its_pages_are_shown(deployer: Client, unseen: Site, path: str) -> None:
    response = deployer.get(f"/sites/{HOST}/{path}")

    assert response.status_code == 200
    assert HOST in response.text


@pytest.mark.parametrize("path", ["deploy", f"rollback?sha={HEAD}", "restart"])
def test_a_question_that_can_have_no_good_answer_says_so(deployer: Client, unseen: Site, path: str) -> None:
    page = deployer.get(f"/sites/{HOST}/{path}").text

    assert NOT_SEEN in page
    assert 'class="act risk"' not in page


@pytest.mark.parametrize("path", ["deploy", "rollback", "restart", "adopt"])
def test_what_is_tapped_is_refused_with_a_sentence(deployer: Client, unseen: Site, path: str) -> None:
    form = {"sha": HEAD, "seen": "", "image": f"gcr.io/icco-cloud/cron:{RUNNING}"}

    page = deployer.post(f"/sites/{HOST}/{path}", form, follow=True)

    assert page.status_code == 200
    assert NOT_SEEN in page.text
    assert not Deploy.objects.exists()
    assert not Hold.objects.exists()


@pytest.mark.parametrize("path", ["restart", "rollback", "adopt"])
def test_a_refusal_of_it_is_in_the_audit(deployer: Client, unseen: Site, path: str) -> None:
    deployer.post(f"/sites/{HOST}/{path}", {"sha": HEAD, "image": "x"})

    event = AuditEvent.objects.get(kind=AuditEvent.Kind.REFUSAL)
    assert event.site == unseen
    assert NOT_SEEN in event.message


def test_the_list_says_so_and_counts_it_as_no_state(
    deployer: Client, unseen: Site, make_site: MakeSite
) -> None:
    make_site("ready.example.com")

    page = deployer.get("/").text
    filtered = deployer.get("/?state=unknown").text

    assert (
        page.index("ready.example.com")
        < page.index("<h2>Not checked yet</h2>")
        < page.index("The next sync checks")
    )
    assert "Unknown" not in page
    assert "All <b>2</b>" in page
    assert HOST not in filtered


def test_one_whose_first_check_failed_is_unknown_and_says_why(deployer: Client, unseen: Site) -> None:
    Observation.objects.create(site=unseen, cluster_problem="The cluster cannot be reached.")

    page = deployer.get("/").text

    assert "Not checked yet" not in page
    assert 'href="/?state=unknown"' in page


def test_it_alerts_nobody(unseen: Site) -> None:
    data = metrics_data(now=timezone.now())

    assert data.sites_needing_attention == 0
    assert sum(data.sites.values()) == 0
