"""When a head without a roll-up is waited for, and when not."""

from datetime import datetime, timedelta

import pytest

from deployments.rules.ci import check_state_of
from deployments.rules.site_facts import CheckState
from tests.deployments.rules.site_facts import NOW

WITHIN = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("first_seen_at", "state"),
    [
        (NOW, CheckState.PENDING),
        (NOW - timedelta(minutes=14, seconds=59), CheckState.PENDING),
        (NOW - WITHIN, CheckState.OVERDUE),
        (None, CheckState.OVERDUE),
    ],
)
def test_a_head_without_a_roll_up_is_pending_for_a_while_where_the_branch_has_ci(
    first_seen_at: datetime | None, state: CheckState
) -> None:
    found = check_state_of(
        CheckState.NONE, branch_has_ci=True, first_seen_at=first_seen_at, now=NOW, within=WITHIN
    )

    assert found is state


def test_where_no_commit_ever_had_ci_there_is_none() -> None:
    found = check_state_of(CheckState.NONE, branch_has_ci=False, first_seen_at=NOW, now=NOW, within=WITHIN)

    assert found is CheckState.NONE


@pytest.mark.parametrize("state", [each for each in CheckState if each is not CheckState.NONE])
def test_what_github_says_is_taken_as_it_is(state: CheckState) -> None:
    found = check_state_of(state, branch_has_ci=True, first_seen_at=NOW, now=NOW, within=WITHIN)

    assert found is state
