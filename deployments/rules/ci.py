"""CI that has not started differs from no CI."""

from datetime import datetime, timedelta

from deployments.rules.site_facts import CheckState

HAVE_CI = frozenset({CheckState.PENDING, CheckState.SUCCESS, CheckState.FAILURE})
"""GitHub's state of a commit on which CI has started."""


def check_state_of(
    stated: CheckState,
    *,
    branch_has_ci: bool,
    first_seen_at: datetime | None,
    now: datetime,
    within: timedelta,
) -> CheckState:
    """What is known of a head's CI, where GitHub has `stated` so.

    A head without a roll-up, on a branch whose earlier commits had one, is pending until it has been known for `within`, and overdue
    from then on.
    """
    if stated is not CheckState.NONE or not branch_has_ci:
        return stated
    is_young = first_seen_at is not None and now - first_seen_at < within
    return CheckState.PENDING if is_young else CheckState.OVERDUE
