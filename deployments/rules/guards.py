"""The guards before a Deploy: checked when it is requested, from what was observed, and again just before the patch, from
what is there. The first refusal wins; each is a sentence that says what to do.
"""

from dataclasses import dataclass

from deployments.rules.builds import cleaned_up
from deployments.rules.findings import NO_IMAGE, hold_message
from deployments.rules.image_prefixes import begins_with_one_of
from deployments.rules.images import is_full_sha
from deployments.rules.site_state import CheckState, DeployFacts, HoldFacts
from deployments.rules.wording import sentences, short

NEVER_SYNCED = "Headway has not seen this site in the cluster yet. Sync first, then try again."

NEEDS_ADMINISTRATOR = "Only an administrator can replace another app's image. Ask one to deploy here."


@dataclass(frozen=True, kw_only=True)
class GuardInput:
    """What is known about one request to run one commit. What has not been checked yet keeps its default, which passes its guard."""

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
    accepts_other_app: bool = False
    """The asking person saw that very image, and agreed to replace it."""
    is_by_administrator: bool = False
    is_on_branch: bool | None = None
    is_image_built: bool | None = None
    workload_missing: str = ""
    """A sentence where the Deployment or its container is not there."""
    hold: HoldFacts | None = None
    other: DeployFacts | None = None
    """Another active Deploy of the same site."""
    seen: str = ""
    """What the asking person saw deployed: at the request its commit, at the start its image."""
    present: str = ""
    """The same, as it is now."""
    check_state: CheckState = CheckState.UNKNOWN
    accepts_red: bool = False


def first_refusal(guard_input: GuardInput) -> str:
    """Return the sentence of the first guard that refuses; empty where all let it pass."""
    return next((message for guard in _GUARDS if (message := guard(guard_input))), "")


def _commit(guard_input: GuardInput) -> str:
    if not is_full_sha(guard_input.sha):
        return f"“{guard_input.sha[:60]}” is not a commit. Give all 40 hexadecimal digits."
    if guard_input.is_on_branch is False:
        return f"Commit {short(guard_input.sha)} is not on the branch of {guard_input.slug} that this site follows. Push it there first."
    return ""


def _image(guard_input: GuardInput) -> str:
    if guard_input.is_image_built is False and "@" in guard_input.image:
        return cleaned_up(guard_input.image)
    if guard_input.is_image_built is False:
        return f"The image {guard_input.image} is not in the registry yet. Wait for its build, then deploy again."
    return ""


def _template(guard_input: GuardInput) -> str:
    return "" if guard_input.expected_repository else NO_IMAGE


def _place(guard_input: GuardInput) -> str:
    if guard_input.allowed_prefixes is None or begins_with_one_of(
        guard_input.allowed_prefixes, guard_input.image
    ):
        return ""
    return (
        f"The worker runs images from {' and '.join(guard_input.allowed_prefixes) or 'nowhere'} alone, and {guard_input.image} lies elsewhere. "
        "Correct the mapping's image template, or add its place to the worker's IMAGE_PREFIXES."
    )


def _app(guard_input: GuardInput) -> str:
    if guard_input.workload_missing:
        return guard_input.workload_missing
    if guard_input.present_repository not in {
        None,
        guard_input.expected_repository,
        guard_input.former_repository or None,
    }:
        if guard_input.accepts_other_app:
            return "" if guard_input.is_by_administrator else NEEDS_ADMINISTRATOR
        return (
            f"The container runs an image of {guard_input.present_repository or 'an unreadable name'}, but this site's images "
            f"are in {guard_input.expected_repository}. Nothing was changed. Correct the mapping, or the Deployment."
        )
    return ""


def _hold(guard_input: GuardInput) -> str:
    return sentences(hold_message(guard_input.hold), "Resume it first") if guard_input.hold else ""


def _alone(guard_input: GuardInput) -> str:
    if guard_input.other is None:
        return ""
    return f"Commit {short(guard_input.other.sha)} is being deployed here right now. Wait until it has ended."


def _seen(guard_input: GuardInput) -> str:
    if guard_input.seen == guard_input.present:
        return ""
    seen, present = _named(guard_input.seen), _named(guard_input.present)
    return f"The deployed commit changed from {seen} to {present} since you opened this page. Review and try again."


def _checks(guard_input: GuardInput) -> str:
    if guard_input.check_state is CheckState.FAILURE and not guard_input.accepts_red:
        return f"CI failed for commit {short(guard_input.sha)}. Deploy it anyway only if you know why."
    return ""


def _named(present: str) -> str:
    return (short(present) if is_full_sha(present) else present) or "nothing known"


_GUARDS = (_commit, _template, _place, _app, _hold, _alone, _seen, _checks, _image)
