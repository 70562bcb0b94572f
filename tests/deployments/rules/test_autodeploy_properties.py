"""Situations nobody thought of, most of them nearly ready to go, and what an automatic Deploy must never do."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from deployments.rules.autodeploy import Go, Policy, decide
from deployments.rules.images import parse_image
from deployments.rules.site_state import CheckState, State, answer_for
from tests.deployments.rules.site_facts import (
    BELOW,
    BUILT,
    HEAD,
    IMAGE,
    NOW,
    OLD,
    REPOSITORY,
    RUNNING,
    STALE_AFTER,
    deploy,
    hold,
    site,
)

shas = st.sampled_from([HEAD, RUNNING, OLD, ""])
times = st.sampled_from([NOW, NOW - timedelta(minutes=5), NOW - STALE_AFTER * 2, None])
ends = st.sampled_from(["failed", "timed_out", "cancelled", "superseded", "succeeded"])
deploys = st.none() | st.builds(
    deploy, sha=shas.filter(bool), status=ends, from_sha=shas, automatic=st.booleans()
)
untils = st.sampled_from([None, NOW, NOW + timedelta(hours=1), NOW - timedelta(hours=1)])
holds = st.none() | st.builds(hold, sha=shas, until=untils, everything=st.booleans())
images = st.sampled_from(
    [f"{REPOSITORY}:{RUNNING}", f"{REPOSITORY}:latest", "gcr.io/other:1", "", "Not An Image"]
)
numbers = st.none() | st.integers(0, 3)
unusual = {
    "head_sha": shas,
    "check_state": st.sampled_from(CheckState),
    "behind_by": numbers,
    "ahead_by": numbers,
    "github_observed_at": times,
    "repository_missing": st.booleans(),
    "head_image_built": st.none() | st.booleans(),
    "expected_repository": st.sampled_from([REPOSITORY, "", "gcr.io/other"]),
    "desired_image": images,
    "running_sha": shas,
    "desired_sha": shas,
    "ready": st.integers(0, 3),
    "wanted": st.integers(0, 3),
    "cluster_observed_at": times,
    "workload_missing": st.sampled_from(["", "Gone"]),
    "active": st.none() | st.just(deploy(status="queued")),
    "last": deploys,
    "hold": holds,
}
situations = st.lists(st.sampled_from(sorted(unusual)), max_size=4, unique=True).flatmap(
    lambda names: st.builds(
        lambda below, **given: site(**(given | below)),
        st.sampled_from([{}, {}, BELOW]),
        **{name: unusual[name] for name in names},
    )
)
policy = st.builds(
    Policy,
    auto_deploy=st.booleans(),
    wait_for_ci=st.booleans(),
    tried_shas=st.frozensets(shas.filter(bool)),
    head_reverted_by=st.sampled_from(["", "c3" * 20]),
    last_started_at=times,
    minimum_interval=st.sampled_from([timedelta(0), timedelta(hours=1)]),
)


@given(
    situations,
    policy | st.just(Policy(auto_deploy=True)),
    st.sampled_from([IMAGE, IMAGE, "gcr.io/other:1", ""]),
)
def test_no_automatic_deploy_goes_backwards_past_a_hold_twice_or_to_an_image_that_is_not_there(
    facts, policy, image
):
    verdict = decide(facts, policy, image=image, now=NOW, stale_after=STALE_AFTER)

    if isinstance(verdict, Go):
        assert policy.auto_deploy
        assert facts.behind_by
        assert facts.ahead_by == 0
        assert verdict.sha == facts.target_sha != facts.running_sha
        assert facts.head_image_built or verdict.sha == BUILT
        assert parse_image(verdict.image).repository == parse_image(facts.desired_image).repository
        assert facts.hold is None or is_over(facts.hold) or is_elsewhere(facts.hold, verdict.sha)
        assert verdict.sha not in policy.tried_shas
        assert facts.last is None or facts.last.sha != verdict.sha
        assert facts.active is None


def is_over(hold):
    return hold.until is not None and hold.until <= NOW


def is_elsewhere(hold, sha):
    return not hold.everything and hold.sha not in {"", sha}


@given(situations, st.booleans())
def test_only_a_site_that_a_person_reads_as_ready_goes_automatically(facts, wait_for_ci):
    deploy_request = Policy(auto_deploy=True, wait_for_ci=wait_for_ci)

    verdict = decide(facts, deploy_request, image=IMAGE, now=NOW, stale_after=STALE_AFTER)

    state = answer_for(facts, now=NOW, stale_after=STALE_AFTER).state
    assert state is State.READY or not isinstance(verdict, Go)


@given(situations)
def test_every_situation_has_an_answer_that_is_a_sentence(facts):
    answer = answer_for(facts, now=NOW, stale_after=STALE_AFTER)

    assert answer.message.endswith((".", "?"))
    assert "0 commits" not in answer.message
    assert ".." not in answer.message
