"""In which order a site's answers win, and sites are sorted."""

from datetime import timedelta

import pytest

from deployments.rules.site_state import Action, Answer, CheckState, State, answer_for
from tests.deployments.rules.site_facts import (
    CURRENT,
    NOW,
    STALE_AFTER,
    deploy,
    hold,
    site,
)

LONG_AGO = NOW - timedelta(hours=3)
RED = {"check_state": CheckState.FAILURE}
UNBUILT = {"head_image_built": False}

WRONG_APP = {"desired_image": "gcr.io/other:1"}
PRECEDENCE = [
    ("deploying", {"active": deploy(status="queued")}),
    ("missing", {"workload_missing": "Gone"}),
    ("unknown", {"cluster_observed_at": LONG_AGO}),
    ("drifted", WRONG_APP),
    ("failed", {"ready": 0}),
    ("unknown", {"github_observed_at": LONG_AGO}),
    ("drifted", {"desired_sha": ""}),
    ("unknown", {"running_sha": ""}),
    ("failed", {"last": deploy()}),
    ("held", {"hold": hold()}),
    ("red", RED),
    ("building", UNBUILT),
    ("ready", {}),
]


@pytest.mark.parametrize("place", range(len(PRECEDENCE)))
def test_the_first_trouble_in_order_wins_over_all_that_follow(place):
    everything_from_here = {}
    for _, changes in PRECEDENCE[place:]:
        everything_from_here |= changes

    answer = answer_for(site(**everything_from_here), now=NOW, stale_after=STALE_AFTER)

    assert answer.state == PRECEDENCE[place][0]


def test_a_current_site_is_not_held_red_or_building():
    facts = site(**CURRENT, **RED, **UNBUILT, hold=hold())

    assert answer_for(facts, now=NOW, stale_after=STALE_AFTER).state is State.CURRENT


def test_sites_sort_by_who_needs_a_person():
    answers = sorted((Answer(state, "", Action.NONE) for state in State), key=lambda answer: answer.rank)

    assert [answer.state for answer in answers] == [
        "failed",
        "drifted",
        "missing",
        "mixed",
        "unknown",
        "ready",
        "red",
        "deploying",
        "building",
        "held",
        "current",
    ]


def test_each_state_is_broken_or_behind_or_deploying_or_current():
    groups = {
        state: [state.is_broken, state.is_behind, state is State.DEPLOYING, state is State.CURRENT]
        for state in State
    }

    assert all(sum(each) == 1 for each in groups.values())


def test_a_person_has_to_act_where_no_machine_does_and_no_person_said_not_to():
    idle = {state for state in State if not state.needs_attention}

    assert idle == {"deploying", "building", "held", "current"}


def test_the_sites_that_need_attention_come_before_all_others():
    answers = sorted((Answer(state, "", Action.NONE) for state in State), key=lambda answer: answer.rank)

    wanted = [answer.state.needs_attention for answer in answers]
    assert wanted == sorted(wanted, reverse=True)
