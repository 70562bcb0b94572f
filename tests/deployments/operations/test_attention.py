"""Which sites have begun to need attention, as a sync finds them."""

import pytest
from django_q.models import OrmQ

from deployments.models import Deploy, Observation, Site, Status
from deployments.operations.sync.attention import notify_what_waits
from deployments.operations.sync.decide import Decision
from deployments.rules.autodeploy import Go, Verdict, Wait
from deployments.rules.site_state import Action, Answer, State
from tests.factories import create_site

pytestmark = pytest.mark.django_db
HEAD = "b" * 40


@pytest.fixture
def site() -> Site:
    site = create_site(
        host="cron.example.com", owner="icco", repository="cron", deployment="cron", container="cron"
    )
    Observation.objects.create(site=site)
    return site


def decided(site: Site, state: State, verdict: Verdict | None = None) -> Decision:
    return Decision(
        site, Answer(state, "What is wrong.", Action.NONE), verdict or Wait("Auto-deploy is off.")
    )


@pytest.mark.parametrize("state", State)
def test_a_notification_goes_out_for_what_needs_attention_but_for_an_outage(site: Site, state: State) -> None:
    before = {site.pk: State.BUILDING if state is State.CURRENT else State.CURRENT}

    number = notify_what_waits([decided(site, state)], before)

    assert number == OrmQ.objects.count() == (state.needs_attention and state is not State.UNKNOWN)


def test_what_needed_attention_for_the_same_reason_before_is_no_news(site: Site) -> None:
    assert notify_what_waits([decided(site, State.RED)], {site.pk: State.RED}) == 0


def test_what_the_sync_deploys_needs_nobody(site: Site) -> None:
    decision = decided(site, State.READY, Go(HEAD, "image"))

    assert notify_what_waits([decision], {site.pk: State.BUILDING}) == 0


@pytest.mark.parametrize(("status", "number"), [(each, each not in Status.FAILURES) for each in Status])
def test_a_failed_deploy_notified_when_it_ended(site: Site, status: Status, number: int) -> None:
    site.observation.latest_deploy = Deploy(site=site, sha=HEAD, status=status)

    assert notify_what_waits([decided(site, State.FAILED)], {site.pk: State.CURRENT}) == number
