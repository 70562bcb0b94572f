from datetime import timedelta

import pytest

from deployments.rules.autodeploy import Go, Policy, Stop, decide
from deployments.rules.site_state import CheckState
from tests.deployments.rules.autodeploy_cases import CASES
from tests.deployments.rules.site_facts import (
    BELOW,
    BUILT,
    HEAD,
    IMAGE,
    NOW,
    OLD,
    REPOSITORY,
    STALE_AFTER,
    deploy,
    hold,
    site,
)


def verdict(facts=None, policy=None, *, image=IMAGE):
    chosen = Policy(**({"auto_deploy": True} | (policy or {})))
    return decide(site(**(facts or {})), chosen, image=image, now=NOW, stale_after=STALE_AFTER)


def test_a_site_behind_with_everything_ready_goes():
    assert verdict() == Go(sha=HEAD, image=IMAGE)


def test_what_is_built_below_a_head_without_an_image_is_deployed_where_it_is_green():
    assert verdict(BELOW) == Go(sha=BUILT, image=IMAGE)


@pytest.mark.parametrize(("facts", "policy", "expected"), CASES.values(), ids=CASES.keys())
def test_a_refusal_says_why(facts, policy, expected):
    assert verdict(facts, policy) == expected


GOES = {
    "after another commit failed": {"last": deploy(sha=OLD), "desired_sha": OLD},
    "when its hold has expired": {"hold": hold(until=NOW)},
    "when an older commit is held": {"hold": hold(sha=OLD)},
    "when it runs jobs on a schedule": {"ready": 0, "wanted": 0, "mapped": ("CronJob tick",)},
    "when there is no CI": {"check_state": CheckState.NONE},
}


@pytest.mark.parametrize("facts", GOES.values(), ids=GOES.keys())
def test_the_next_commit_flows_again(facts):
    assert verdict(facts) == Go(sha=HEAD, image=IMAGE)


@pytest.mark.parametrize("state", [CheckState.PENDING, CheckState.UNKNOWN])
def test_a_site_that_does_not_wait_for_ci_goes_before_it_ends(state):
    assert isinstance(verdict({"check_state": state}, {"wait_for_ci": False}), Go)


def test_a_site_goes_again_once_its_interval_is_over():
    policy = {"last_started_at": NOW - timedelta(hours=1), "minimum_interval": timedelta(hours=1)}

    assert isinstance(verdict({}, policy), Go)


@pytest.mark.parametrize("image", ["gcr.io/icco-cloud/photos:" + HEAD, "", REPOSITORY + ":"])
def test_an_image_that_is_not_this_sites_is_never_sent(image):
    assert isinstance(verdict(image=image), Stop)


ORDER = [
    "off",
    "site held",
    "active",
    "cluster not read",
    "wrong app",
    "diverged",
    "red",
    "not built",
    "tried",
]
ORDER += ["reverted", "too soon"]


@pytest.mark.parametrize("place", range(len(ORDER)))
def test_the_first_refusal_in_order_wins_over_all_that_follow(place):
    facts, policy = {}, {}
    for name in ORDER[place:]:
        facts |= CASES[name][0]
        policy |= CASES[name][1]

    assert verdict(facts, policy) == CASES[ORDER[place]][2]
