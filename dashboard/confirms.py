"""The pages that ask "really?" before something risky: what it does, in words, and one button."""

from dataclasses import dataclass

from django.urls import reverse

from dashboard.deploy_dialog import hold_on, hold_warnings
from deployments.models import Deploy, Kind
from deployments.queries import RollbackTarget, SitePage
from deployments.rules.guards import NEVER_SYNCED
from deployments.rules.wording import short

RESTARTS = "Every pod is replaced by a new one of the same commit, as many at a time as the Deployment's strategy allows."


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """One question. `warnings` stand out, `says` tells calmly what will happen."""

    title: str
    label: str
    url: str
    back: str
    says: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    runs: str = ""
    will_run: str = ""
    headline: str = ""
    seen: str = ""
    hold_id: int | None = None
    """The Hold that stops it: to be resumed first."""


def rollback_confirm(page: SitePage, target: RollbackTarget | None, *, sha: str) -> Confirm:
    """Ask before going back to `sha`; `target` is what is known of it as a way back."""
    row = page.row
    if row.seen.cluster_observed_at is None:
        return _never_synced(f"Roll back to {short(sha)}?", page)
    left = row.seen.desired_sha or row.running_sha
    warnings = [*hold_warnings(page, sha, kind=Kind.ROLLBACK), *_not_undone(page)]
    if target and target.image_gone:
        warnings.append(f"The registry no longer has the image of {short(sha)}: choose another commit.")
    return Confirm(
        title=f"Roll back to {short(sha)}?",
        label="Roll back",
        url=reverse("roll-back", args=[row.name]),
        back=reverse("roll-back", args=[row.name]),
        says=(
            f"{short(left) or 'What runs now'} is held, so that nothing deploys it again by itself. The next newer commit may go out as ever.",
        ),
        warnings=tuple(warnings),
        runs=left,
        will_run=sha,
        headline=target.headline if target else "",
        seen=row.running_sha,
        hold_id=hold_on(page, sha, kind=Kind.ROLLBACK),
    )


def _not_undone(page: SitePage) -> tuple[str, ...]:
    """What going back leaves as it is, where the site has a release job."""
    job = page.row.site.release_job
    return (f"A rollback does not undo what release job {job} did, such as migrations.",) if job else ()


def restart_confirm(page: SitePage) -> Confirm:
    """Ask before the pods are replaced."""
    row, sha = page.row, page.row.seen.desired_sha
    if row.seen.cluster_observed_at is None:
        return _never_synced("Restart the pods?", page)
    return Confirm(
        title="Restart the pods?",
        label="Restart",
        url=reverse("restart-site", args=[row.name]),
        back=reverse("site", args=[row.name]),
        says=(RESTARTS,),
        warnings=tuple(hold_warnings(page, sha, kind=Kind.RESTART)),
        runs=sha,
        will_run=sha,
        seen=row.running_sha,
    )


def _never_synced(title: str, page: SitePage) -> Confirm:
    """Say why there is nothing to confirm yet."""
    back = reverse("site", args=[page.row.name])
    return Confirm(title=title, label="", url="", back=back, says=(), warnings=(NEVER_SYNCED,))


def abort_confirm(page: SitePage, deploy: Deploy, target: str) -> Confirm:
    """Ask before a rollout is ended half-way."""
    here = reverse("deploy", args=[deploy.pk])
    if not target:
        none = "What ran before is not known: let it end, then choose a commit."
        return Confirm(title="No way back", label="", url="", back=here, says=(), warnings=(none,))
    return Confirm(
        title="Abort and roll back?",
        label="Abort and roll back",
        url=reverse("abort-deploy", args=[deploy.pk]),
        back=here,
        says=(
            f"This Deploy ends as cancelled, and {short(target)} is put back at once. {short(deploy.sha)} is held, so that nothing deploys it again by itself.",
        ),
        warnings=(*hold_warnings(page, target, kind=Kind.ROLLBACK), *_not_undone(page)),
        runs=deploy.sha,
        will_run=target,
        hold_id=hold_on(page, target, kind=Kind.ROLLBACK),
    )
