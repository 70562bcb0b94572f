"""What a Deploy that was requested early is said to wait for."""

import pytest

from deployments.rules.site_facts import CheckState
from deployments.rules.waiting import waits_for

SHA = "b2" * 20


@pytest.mark.parametrize(
    ("is_built", "check_state", "message"),
    [
        (False, CheckState.SUCCESS, "The image of b2b2b2b is not built yet."),
        (None, CheckState.SUCCESS, "The image of b2b2b2b is not built yet."),
        (True, CheckState.PENDING, "CI has not finished on b2b2b2b."),
        (True, CheckState.OVERDUE, "CI has not begun on b2b2b2b."),
        (True, CheckState.UNKNOWN, "Whether CI passed on b2b2b2b is not known."),
        (True, CheckState.SUCCESS, ""),
        (True, CheckState.NONE, ""),
    ],
)
def test_it_says_what_is_missing(is_built: bool | None, check_state: CheckState, message: str) -> None:
    found = waits_for(sha=SHA, is_built=is_built, check_state=check_state, waits_for_ci=True)

    assert found.startswith(message)
    assert bool(found) == bool(message)
