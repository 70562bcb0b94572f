"""The sheet that confirms a Deploy: what ships, and what is skipped."""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.provenance import provenance_of, provenance_warning
from deployments.facts import StandingHold, stopping_holds
from deployments.models import Kind, Status
from deployments.queries import Commit, SitePage, on_the_way
from deployments.rules.guards import NEVER_SYNCED
from deployments.rules.images import is_full_sha
from deployments.rules.site_state import CheckState
from deployments.rules.wording import counted, short

_WAYS_BACK = {Kind.ROLLBACK: "a rollback", Kind.RESTART: "a restart"}


@dataclass(frozen=True, kw_only=True)
class DeployDialog:
    sha: str
    seen: str
    """What the person sees running."""
    headline: str
    commits: tuple[Commit, ...] | None
    """The commits to deploy, newest first; None while that is not known."""
    total: int
    note: str
    """What is not among them, and is not risky; else empty."""
    warnings: tuple[str, ...]
    hold_id: int | None
    """The Hold that stops this commit: to be resumed before anything can be deployed."""
    label: str
    accepts_red: bool
    waits_for_image: bool
    """It is requested before its image exists."""
    may_wait_for_ci: bool
    """CI has not finished: who deploys may wait for that, too."""
    waits_for_ci: bool
    """Whether that is what the site itself does."""
    workloads: tuple[str, ...]
    """What is changed, in that order, where a site has several workloads."""
    release_job: str
    """What runs before anything is changed."""
    provenance: str = ""
    """Where its image comes from, as GitHub lists it."""
    version: str = ""
    """By release, where it is the newest, or what is ready before it."""

    @property
    def short(self) -> str:
        return short(self.sha)


def deploy_dialog_for(page: SitePage, *, sha: str) -> DeployDialog:
    """Return the sheet for `sha`; for the head where that is not a full commit."""
    row = page.row
    sha = sha if is_full_sha(sha) else row.seen.target_sha
    if row.seen.cluster_observed_at is None:
        sha = ""
    is_head = sha == row.seen.head_sha
    shipped, check_state = _shipped(page, sha), _check_state(page, sha)
    is_red = check_state is CheckState.FAILURE
    waits = _waits_for_image(page, sha)
    return DeployDialog(
        sha=sha,
        seen=row.seen.deployed_sha,
        headline=headline_of(page, sha),
        commits=page.commits if is_head else shipped,
        total=page.commits_total if is_head else len(shipped),
        note=_skipped(page, shipped),
        warnings=tuple(_warnings(page, sha=sha, is_head=is_head, is_red=is_red)),
        hold_id=hold_on(page, sha),
        label=_label(page, sha=sha, waits=waits, is_head=is_head, is_red=is_red),
        accepts_red=is_red,
        waits_for_image=waits,
        may_wait_for_ci=check_state.is_open,
        waits_for_ci=row.site.wait_for_ci,
        workloads=tuple(str(each) for each in row.site.references) if len(row.site.references) > 1 else (),
        release_job=row.site.release_job,
        provenance=provenance_of(row, sha),
        version=_version(page, sha),
    )


def _version(page: SitePage, sha: str) -> str:
    seen = page.row.seen
    if not page.row.site.is_by_release or sha not in {seen.head_sha, seen.ready_below}:
        return ""
    return seen.built_version if sha == seen.ready_below else seen.head_version


def _check_state(page: SitePage, sha: str) -> CheckState:
    """CI of the newest commit, which may be waited for; of any other one nothing is said."""
    seen = page.row.seen
    if sha == seen.head_sha:
        return CheckState(seen.check_state)
    return CheckState(seen.awaited_check_state if sha and sha == seen.awaited_sha else CheckState.UNKNOWN)


def _waits_for_image(page: SitePage, sha: str) -> bool:
    seen = page.row.seen
    is_newest = sha in {seen.head_sha, seen.newest_sha}
    return is_newest and seen.head_image_built is False and sha != seen.ready_below


def _shipped(page: SitePage, sha: str) -> tuple[Commit, ...]:
    """What a commit below the head ships; nothing where it is not known to come after what runs."""
    return on_the_way(page.commits or (), base=page.row.running_sha, sha=sha) or ()


def _skipped(page: SitePage, shipped: tuple[Commit, ...]) -> str:
    left = page.commits_total - len(shipped)
    if not shipped or not left:
        return ""
    newest = f", up to {short(page.row.seen.head_sha)}" if left > 1 else f", {short(page.row.seen.head_sha)}"
    return f"Skips {counted(left, 'newer commit')}{newest}."


def headline_of(page: SitePage, sha: str) -> str:
    """Return a commit's first line as far as the page knows it; else an empty text."""
    known = next((each.headline for each in _known(page) if each.sha == sha), "")
    if known:
        return known
    return next((deploy.headline for deploy in page.history if deploy.sha == sha and deploy.headline), "")


def _known(page: SitePage) -> Iterator[Commit]:
    if page.row.head:
        yield page.row.head
    yield from page.commits or ()
    if page.running_headline:
        yield Commit(page.row.running_sha, page.running_headline)
    yield from (each.commit for each in page.choices)


def _ran_before(page: SitePage, sha: str) -> bool:
    return any(
        sha == deploy.from_sha or (sha == deploy.sha and deploy.status == Status.SUCCEEDED)
        for deploy in page.history
    )


def _label(page: SitePage, *, sha: str, waits: bool, is_head: bool, is_red: bool) -> str:
    if is_red:
        return "Deploy anyway"
    if waits:
        return "Deploy when ready"
    return "Roll back" if not is_head and _ran_before(page, sha) else "Deploy"


def hold_on(page: SitePage, sha: str, *, kind: Kind = Kind.DEPLOY) -> int | None:
    """Return the key of a Hold that stops this commit: nothing of that kind runs it before that is resumed."""
    return next((hold.id for hold in _stopping(page, sha, kind)), None)


def hold_warnings(page: SitePage, sha: str, *, kind: Kind = Kind.DEPLOY) -> Iterator[str]:
    """Yield a sentence for each Hold that stops this commit; where none does, for each that is passed."""
    stopping = _stopping(page, sha, kind)
    for hold in stopping or _holds_on(page, sha):
        end = "Resume it first." if stopping else f"It stops only newer commits, not {_WAYS_BACK[kind]}."
        yield f"{hold.message} {end}"


def _stopping(page: SitePage, sha: str, kind: Kind) -> tuple[StandingHold, ...]:
    return stopping_holds(page.row.site, kind=kind, sha=sha, holds=_holds_on(page, sha))


def _holds_on(page: SitePage, sha: str) -> list[StandingHold]:
    return [hold for hold in page.holds if hold.sha in ("", sha)]


def _warnings(page: SitePage, *, sha: str, is_head: bool, is_red: bool) -> Iterator[str]:
    seen = page.row.seen
    yield from hold_warnings(page, sha)
    if seen.cluster_observed_at is None:
        yield NEVER_SYNCED
        return
    if is_red:
        yield f"CI failed on {short(sha)}. Deploying anyway ignores that."
    if other := provenance_warning(page.row, sha):
        yield other
    if is_head and seen.ahead_by:
        one = seen.ahead_by == 1
        yield f"Deploying will remove {counted(seen.ahead_by, 'commit')} that {'isn' if one else 'aren'}'t on the branch."
    if not is_head and not _shipped(page, sha):
        if behind := next(
            (each for each in page.choices if each.commit.sha == sha and not each.is_ahead), None
        ):
            yield f"Deploying will remove {counted(behind.distance, 'commit')}."
            return
        yield f"This is not the newest commit. Commits after {short(sha)} will be removed."
