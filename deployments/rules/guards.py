"""The guards before a Deploy: judged when it is asked for, from what was observed, and again just before the patch, from
what is there. The first refusal wins; each is a sentence that says what to do.
"""

from dataclasses import dataclass

from deployments.rules.findings import NO_IMAGE
from deployments.rules.image_prefixes import begins_with_one_of
from deployments.rules.images import is_full_sha
from deployments.rules.site_state import CheckState, DeployFacts, HoldFacts


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What is known of one wish to run one commit. What is not asked yet keeps its default: such a guard lets it pass."""

    sha: str
    slug: str
    """owner/repository"""
    image: str
    expected_repository: str
    allowed_prefixes: tuple[str, ...] | None = None
    """What the names of images begin with that this worker may run."""
    present_repository: str | None = None
    """Image repository of what the container is asked to run now; empty where it cannot be read."""
    is_on_branch: bool | None = None
    is_image_built: bool | None = None
    workload_missing: str = ""
    """A sentence where the Deployment or its container is not there."""
    hold: HoldFacts | None = None
    other: DeployFacts | None = None
    """Another active Deploy of the same site."""
    seen: str = ""
    """What the asking person saw running."""
    present: str = ""
    """The same, as it is now."""
    check_state: CheckState = CheckState.UNKNOWN
    accepts_red: bool = False


def first_refusal(attempt: Attempt) -> str:
    """Return the sentence of the first guard that refuses; empty where all let it pass."""
    return next((sentence for guard in _GUARDS if (sentence := guard(attempt))), "")


def _commit(attempt: Attempt) -> str:
    if not is_full_sha(attempt.sha):
        return f"“{attempt.sha[:60]}” is not a commit: give all 40 hexadecimal digits."
    if attempt.is_on_branch is False:
        return f"Commit {attempt.sha[:7]} is not on the branch of {attempt.slug} that this site follows: push it there first."
    return ""


def _image(attempt: Attempt) -> str:
    if attempt.is_image_built is False:
        return f"The image {attempt.image} is not in the registry yet: wait for its build, then deploy again."
    return ""


def _template(attempt: Attempt) -> str:
    return "" if attempt.expected_repository else NO_IMAGE


def _place(attempt: Attempt) -> str:
    if attempt.allowed_prefixes is None or begins_with_one_of(attempt.allowed_prefixes, attempt.image):
        return ""
    return (
        f"The worker runs images from {' and '.join(attempt.allowed_prefixes) or 'nowhere'} alone, and {attempt.image} lies elsewhere: "
        "correct the mapping's image template, or add its place to the worker's IMAGE_PREFIXES."
    )


def _app(attempt: Attempt) -> str:
    if attempt.workload_missing:
        return attempt.workload_missing
    if attempt.present_repository not in (None, attempt.expected_repository):
        return (
            f"The container runs an image of {attempt.present_repository or 'an unreadable name'}, but this site's images "
            f"lie in {attempt.expected_repository}. Nothing was changed: correct the mapping, or the Deployment."
        )
    return ""


def _hold(attempt: Attempt) -> str:
    if attempt.hold is None:
        return ""
    what = "Everything" if attempt.hold.everything else "This commit" if attempt.hold.sha else "This site"
    return f"{what} is held by {attempt.hold.by}: {attempt.hold.reason.rstrip('.')}. Resume it first."


def _alone(attempt: Attempt) -> str:
    if attempt.other is None:
        return ""
    return f"Commit {attempt.other.sha[:7]} is being deployed here right now: wait until that has ended."


def _seen(attempt: Attempt) -> str:
    if attempt.seen == attempt.present:
        return ""
    seen, present = _short(attempt.seen), _short(attempt.present)
    return f"What runs has changed since you looked, from {seen} to {present}. Look again, then decide."


def _checks(attempt: Attempt) -> str:
    if attempt.check_state is CheckState.FAILURE and not attempt.accepts_red:
        return f"CI failed for commit {attempt.sha[:7]}: deploy it anyway only if you know why."
    return ""


def _short(present: str) -> str:
    return (present[:7] if is_full_sha(present) else present) or "nothing known"


_GUARDS = (_commit, _template, _place, _app, _hold, _alone, _seen, _checks, _image)
