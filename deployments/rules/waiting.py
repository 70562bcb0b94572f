"""What a Deploy that was requested early still waits for."""

from deployments.rules.site_facts import CheckState
from deployments.rules.wording import short


def waits_for(*, sha: str, is_built: bool | None, check_state: CheckState, waits_for_ci: bool) -> str:
    """Return the sentence of what is still missing; empty where the Deploy may begin."""
    if not is_built:
        return f"The image of {short(sha)} is not built yet. It is deployed as soon as it is."
    if waits_for_ci and check_state is CheckState.UNKNOWN:
        return f"Whether CI passed on {short(sha)} is not known. It is deployed as soon as it is known to have passed."
    if waits_for_ci and check_state is CheckState.PENDING:
        return f"CI has not finished on {short(sha)}. It is deployed as soon as CI has passed."
    if waits_for_ci and check_state is CheckState.OVERDUE:
        return f"CI has not begun on {short(sha)}. It is deployed as soon as CI has passed."
    return ""


def ends_the_wait(*, sha: str, check_state: CheckState, accepts_red: bool) -> str:
    """Return the sentence of what makes waiting pointless; empty where nothing does."""
    if check_state is CheckState.FAILURE and not accepts_red:
        return f"CI failed on {short(sha)} while this waited. Fix it or deploy it anyway."
    return ""
