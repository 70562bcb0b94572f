"""The guards before a Deploy: judged when it is asked for, from what was observed, and again just before the patch, from
what is there. The first refusal wins; each is a sentence that says what to do.
"""

from dataclasses import dataclass

from deployments.rules.findings import NO_IMAGE
from deployments.rules.image_prefixes import begins_with_one_of
from deployments.rules.images import is_full_sha
from deployments.rules.site_state import CheckState, DeployFacts, HoldFacts

NEVER_SYNCED = "Headway has not seen this site in the cluster yet: sync first, then try again."


@dataclass(frozen=True, kw_only=True)
class GuardInput:
    """What is known of one wish to run one commit. What is not asked yet keeps its default: such a guard lets it pass."""

    sha: str
    slug: str
    """owner/repository"""
    image: str
    expected_repository: str
    former_repository: str = ""
    """Where this site's images lay before its repository was renamed; empty where it never was."""
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


def first_refusal(guard_input: GuardInput) -> str:
    """Return the sentence of the first guard that refuses; empty where all let it pass."""
    return next((message for guard in _GUARDS if (message := guard(guard_input))), "")


def _commit(guard_input: GuardInput) -> str:
    if not is_full_sha(guard_input.sha):
        return f"“{guard_input.sha[:60]}” is not a commit: give all 40 hexadecimal digits."
    if guard_input.is_on_branch is False:
        return f"Commit {guard_input.sha[:7]} is not on the branch of {guard_input.slug} that this site follows: push it there first."
    return ""


def _image(guard_input: GuardInput) -> str:
    if guard_input.is_image_built is False:
        return f"The image {guard_input.image} is not in the registry yet: wait for its build, then deploy again."
    return ""


def _template(guard_input: GuardInput) -> str:
    return "" if guard_input.expected_repository else NO_IMAGE


def _place(guard_input: GuardInput) -> str:
    if guard_input.allowed_prefixes is None or begins_with_one_of(
        guard_input.allowed_prefixes, guard_input.image
    ):
        return ""
    return (
        f"The worker runs images from {' and '.join(guard_input.allowed_prefixes) or 'nowhere'} alone, and {guard_input.image} lies elsewhere: "
        "correct the mapping's image template, or add its place to the worker's IMAGE_PREFIXES."
    )


def _app(guard_input: GuardInput) -> str:
    if guard_input.workload_missing:
        return guard_input.workload_missing
    if guard_input.present_repository not in {
        None,
        guard_input.expected_repository,
        guard_input.former_repository or None,
    }:
        return (
            f"The container runs an image of {guard_input.present_repository or 'an unreadable name'}, but this site's images "
            f"lie in {guard_input.expected_repository}. Nothing was changed: correct the mapping, or the Deployment."
        )
    return ""


def _hold(guard_input: GuardInput) -> str:
    if guard_input.hold is None:
        return ""
    what = (
        "Everything"
        if guard_input.hold.everything
        else "This commit"
        if guard_input.hold.sha
        else "This site"
    )
    return f"{what} is held by {guard_input.hold.by}: {guard_input.hold.reason.rstrip('.')}. Resume it first."


def _alone(guard_input: GuardInput) -> str:
    if guard_input.other is None:
        return ""
    return f"Commit {guard_input.other.sha[:7]} is being deployed here right now: wait until that has ended."


def _seen(guard_input: GuardInput) -> str:
    if guard_input.seen == guard_input.present:
        return ""
    seen, present = _short(guard_input.seen), _short(guard_input.present)
    return f"What runs has changed since you looked, from {seen} to {present}. Look again, then decide."


def _checks(guard_input: GuardInput) -> str:
    if guard_input.check_state is CheckState.FAILURE and not guard_input.accepts_red:
        return f"CI failed for commit {guard_input.sha[:7]}: deploy it anyway only if you know why."
    return ""


def _short(present: str) -> str:
    return (present[:7] if is_full_sha(present) else present) or "nothing known"


_GUARDS = (_commit, _template, _place, _app, _hold, _alone, _seen, _checks, _image)
