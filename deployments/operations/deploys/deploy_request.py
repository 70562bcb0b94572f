"""What someone requests of a site, and what the guards check it by."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from deployments.models import AuditEvent, CommitRange, Deploy, Kind, Site, Status, Trigger
from deployments.operations import audit
from deployments.operations.authorization import is_administrator
from deployments.queries.builds import image_of_commit
from deployments.rules.guards import NEVER_SYNCED, GuardInput
from deployments.rules.images import UnableToParseImage, is_full_sha, parse_image
from deployments.rules.reauth_reasons import NEVER, Authentication
from deployments.rules.site_facts import CheckState, HoldFacts
from deployments.rules.site_state import SiteFacts
from deployments.rules.wording import short

SCHEDULER_NAME = "the sync"
AUDITED_AS = {
    Kind.DEPLOY: AuditEvent.Kind.DEPLOY,
    Kind.ROLLBACK: AuditEvent.Kind.ROLLBACK,
    Kind.RESTART: AuditEvent.Kind.RESTART,
}


@dataclass(frozen=True, kw_only=True)
class WhenReady:
    """Deploy as soon as the image is there, instead of refusing where it is not."""

    follow_head: bool = False
    """While it waits, a newer head takes the commit's place."""
    wait_for_ci: bool = False
    """Wait until CI has passed, too."""


@dataclass(frozen=True, kw_only=True)
class DeployRequest:
    """Someone wants `sha` to run, having seen `seen_sha` deployed: requested of the workload, whether its pods ran it yet or not."""

    sha: str
    seen_sha: str
    trigger: Trigger
    by: User | None = None
    named: str = ""
    """Who requests it where that is not a user."""
    accepts_red: bool = False
    readiness: WhenReady | None = None
    """None: at once, or not at all."""
    key: UUID | None = None
    """The same key is the same request, however often it arrives."""
    kind: Kind = Kind.DEPLOY
    image: str = ""
    """Empty: the one that the site's template gives."""
    rolls_back: Deploy | None = None
    cause: str = ""
    passes_hold: HoldFacts | None = None
    """A Hold that stops newer commits, and not this."""
    accepts_image: str = ""
    """Another app's image that the person saw here, and agreed to replace."""
    authentication: Authentication = NEVER
    is_judged: bool = False
    """Its risk was assessed before, when it was requested as a part of something larger."""

    @property
    def by_name(self) -> str:
        if self.by:
            return self.by.get_username()
        return self.named or (SCHEDULER_NAME if self.trigger == Trigger.SYNC else audit.HEADWAY)

    @property
    def words_on_hold(self) -> str:
        """That a Hold is passed, and whose; empty where none is."""
        hold = self.passes_hold
        return f"It bypasses the hold by {hold.by}: {hold.reason}" if hold else ""

    @property
    def described(self) -> str:
        """What is requested, in words."""
        match self.kind:
            case Kind.ROLLBACK:
                return f"a rollback to {short(self.sha)}"
            case Kind.RESTART:
                return f"a restart of the pods of {short(self.sha)}"
        over = f", in place of {self.accepts_image}" if self.accepts_image else ""
        return f"a deploy of {short(self.sha)}{', although CI failed' if self.accepts_red else ''}{over}"


def note_refusal(refusal: str, deploy_request: DeployRequest, *, site: Site, now: datetime) -> None:
    """Record in the audit log what was requested, and why it was refused."""
    described = f"Refused {deploy_request.described}. {refusal}"
    audit.record(
        AuditEvent.Kind.REFUSAL,
        described,
        by=deploy_request.by,
        by_name=deploy_request.by_name,
        site=site,
        now=now,
    )


def guard_input_at_request(site: Site, facts: SiteFacts, deploy_request: DeployRequest) -> GuardInput:
    """Gather what the guards check when a request is made."""
    is_head = deploy_request.sha == facts.head_sha
    missing = facts.workload_missing
    if facts.cluster_observed_at is None:
        missing = missing or NEVER_SYNCED
    return GuardInput(
        sha=deploy_request.sha,
        slug=f"{site.owner}/{site.repository}",
        is_on_branch=True
        if is_head or deploy_request.kind != Kind.DEPLOY or _is_known(site, deploy_request.sha)
        else None,
        is_image_built=None if deploy_request.readiness else is_built_in(facts, deploy_request.sha),
        image=image_of(site, deploy_request),
        workload_missing=missing,
        expected_repository=facts.expected_repository,
        former_repository=facts.former_repository,
        present_repository=image_repository(facts.meant_image),
        accepts_other_app=bool(replaced_image(deploy_request, facts)),
        is_by_administrator=is_administrator(deploy_request.by),
        hold=facts.hold,
        other=facts.active,
        seen=deploy_request.seen_sha,
        present=facts.deployed_sha,
        check_state=check_state_in(facts, deploy_request.sha),
        accepts_red=deploy_request.accepts_red,
    )


def check_state_in(facts: SiteFacts, sha: str) -> CheckState:
    """What is known of a commit's CI: of the head, and of what is built or waited for below it."""
    if sha == facts.head_sha:
        return facts.check_state
    if sha == facts.awaited_sha:
        return facts.awaited_check_state
    return facts.built_check_state if sha == facts.built_sha else CheckState.UNKNOWN


def is_built_in(facts: SiteFacts, sha: str) -> bool | None:
    """Whether a commit has an image: as far as the newest and what is built below it were queried; None where that is not known."""
    if sha == facts.head_sha != facts.built_sha:
        return facts.head_image_built
    return sha == facts.built_sha if sha in {facts.awaited_sha, facts.built_sha} else None


def guard_input_at_start(deploy: Deploy, **known: Any) -> GuardInput:
    """Put together what the guards judge by before the patch: of what lies outside, only `known` is known."""
    return GuardInput(
        sha=deploy.sha,
        slug=f"{deploy.site.owner}/{deploy.site.repository}",
        image=deploy.image,
        expected_repository=deploy.site.expected_repository,
        former_repository=deploy.site.former_repository,
        **known,
    )


def _is_known(site: Site, sha: str) -> bool:
    """Whether this commit was seen on the site's branch before; where not, the worker asks GitHub."""
    if site.deploys.filter(sha=sha, status=Status.SUCCEEDED).exists():
        return True
    ranges = CommitRange.objects.filter(owner=site.owner, repository=site.repository)
    return ranges.filter(commits__contains=[{"sha": sha}]).exists()


def image_of(site: Site, deploy_request: DeployRequest) -> str:
    """Return the requested image; empty where the commit is not one, or the site's template gives none."""
    has_one = is_full_sha(deploy_request.sha) and site.expected_repository
    return deploy_request.image or (image_of_commit(site, deploy_request.sha) if has_one else "")


def replaced_image(deploy_request: DeployRequest, facts: SiteFacts) -> str:
    """Return another app's image that would be replaced, with the consent of the person who asks; else nothing."""
    is_foreign = image_repository(facts.meant_image) != facts.expected_repository
    return (
        deploy_request.accepts_image
        if is_foreign and deploy_request.accepts_image == facts.desired_image
        else ""
    )


def image_repository(image: str) -> str:
    """Return the image repository of an image's name; empty where that name cannot be read."""
    try:
        return parse_image(image).repository
    except UnableToParseImage:
        return ""
