"""The pages that ask "really?" before something risky: what it does, in words, and one button."""

from dataclasses import dataclass

from django.urls import reverse

from dashboard.deploy_dialog import headline_of, hold_on, hold_warnings
from deployments.models import Deploy, Kind, Site
from deployments.queries import RollbackTarget, SitePage
from deployments.rules.guards import NEVER_SYNCED
from deployments.rules.restarts import can_restart, what_a_restart_does
from deployments.rules.wording import short


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """One question. `warnings` are highlighted, `says` explains what will happen."""

    title: str
    label: str
    url: str
    back: str
    says: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    runs: str = ""
    will_run: str = ""
    headline: str = ""
    """Of the commit that will run."""
    runs_headline: str = ""
    seen: str = ""
    hold_id: int | None = None
    """The Hold that stops it: to be resumed first."""


def rollback_confirm(page: SitePage, target: RollbackTarget | None, *, sha: str) -> Confirm:
    """Ask before going back to `sha`; `target` is what is known of it as a way back."""
    row = page.row
    if row.seen.cluster_observed_at is None:
        return _never_synced(f"Roll back to {short(sha)}?", page)
    left = row.seen.deployed_sha
    warnings = [*hold_warnings(page, sha, kind=Kind.ROLLBACK), *_not_undone(row.site.release_job)]
    if target and target.image_gone:
        warnings.append(f"The registry no longer has the image of {short(sha)}. Choose another commit.")
    return Confirm(
        title=f"Roll back to {short(sha)}?",
        label="Roll back",
        url=reverse("roll-back", args=[row.name]),
        back=reverse("roll-back", args=[row.name]),
        says=(_who_gets(page.row.site, sha), _put_on_hold(left)),
        warnings=tuple(warnings),
        runs=left,
        will_run=sha,
        headline=target.headline if target else headline_of(page, sha),
        runs_headline=headline_of(page, left),
        seen=left,
        hold_id=hold_on(page, sha, kind=Kind.ROLLBACK),
    )


def _who_gets(site: Site, sha: str) -> str:
    """Name the workloads that are changed, in that order."""
    named = [str(each) for each in site.references]
    if len(named) < 2:  # noqa: PLR2004
        return f"{''.join(named) or 'What runs'} gets {short(sha)}."
    return f"{len(named)} workloads get {short(sha)}: {', '.join(named)}."


def _put_on_hold(sha: str) -> str:
    return f"{short(sha) or 'What runs now'} is put on hold, so that it is not deployed again automatically. Newer commits can still be deployed."


def _not_undone(job: str) -> tuple[str, ...]:
    """What going back leaves as it is, where a release job has run or may have."""
    return (f"A rollback does not undo what release job {job} did, such as migrations.",) if job else ()


def restart_confirm(page: SitePage) -> Confirm:
    """Ask before the pods are replaced."""
    row, sha = page.row, page.row.seen.desired_sha
    if row.seen.cluster_observed_at is None:
        return _never_synced("Restart the pods?", page)
    back, says = reverse("site", args=[row.name]), what_a_restart_does(row.site.references)
    if not can_restart(row.site.references):
        return Confirm(title="Nothing to restart", label="", url="", back=back, says=says)
    return Confirm(
        title="Restart the pods?",
        label="Restart",
        url=reverse("restart-site", args=[row.name]),
        back=back,
        says=says,
        warnings=tuple(hold_warnings(page, sha, kind=Kind.RESTART)),
        runs=sha,
        will_run=sha,
        headline=headline_of(page, sha),
        seen=row.seen.deployed_sha,
    )


def _never_synced(title: str, page: SitePage) -> Confirm:
    """Say why there is nothing to confirm yet."""
    back = reverse("site", args=[page.row.name])
    return Confirm(title=title, label="", url="", back=back, says=(), warnings=(NEVER_SYNCED,))


def abort_confirm(page: SitePage, deploy: Deploy, target: str) -> Confirm:
    """Ask before a rollout is ended half-way."""
    here = reverse("deploy", args=[deploy.pk])
    if not target:
        none = "What ran before is not known. Wait until this deploy has ended, then choose a commit."
        return Confirm(title="No way back", label="", url="", back=here, says=(), warnings=(none,))
    # It is created before anything is changed: without that, it has not run.
    released = deploy.release_cron_job if deploy.release_started_at else ""
    return Confirm(
        title="Abort and roll back?",
        label="Abort and roll back",
        url=reverse("abort-deploy", args=[deploy.pk]),
        back=here,
        says=(
            f"This deploy is cancelled and {short(target)} is restored right away.",
            _who_gets(page.row.site, target),
            _put_on_hold(deploy.sha),
        ),
        warnings=(*hold_warnings(page, target, kind=Kind.ROLLBACK), *_not_undone(released)),
        runs=deploy.sha,
        will_run=target,
        headline=headline_of(page, target),
        runs_headline=deploy.headline,
        hold_id=hold_on(page, target, kind=Kind.ROLLBACK),
    )
