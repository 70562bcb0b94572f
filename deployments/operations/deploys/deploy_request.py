"""What somebody wants to happen to a site, and how the audit tells of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User

from deployments.models import AuditEvent, Deploy, Kind, Site, Trigger
from deployments.operations import audit
from deployments.rules.reauth_reasons import NEVER, Authentication
from deployments.rules.site_facts import HoldFacts
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
    """Somebody wants `sha` to run, having seen `seen_sha` running."""

    sha: str
    seen_sha: str
    trigger: Trigger
    by: User | None = None
    named: str = ""
    """Who wants it where that is no user."""
    accepts_red: bool = False
    readiness: WhenReady | None = None
    """None: at once, or not at all."""
    key: UUID | None = None
    """The same key is the same wish, however often it arrives."""
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
    """Its risk was judged before, when it was asked for as a part of something larger."""

    @property
    def by_name(self) -> str:
        if self.by:
            return self.by.get_username()
        return self.named or (SCHEDULER_NAME if self.trigger == Trigger.SYNC else audit.HEADWAY)

    @property
    def words_on_hold(self) -> str:
        """That a Hold is passed, and whose; empty where none is."""
        hold = self.passes_hold
        return f"It passes the Hold by {hold.by}: {hold.reason}" if hold else ""

    @property
    def described(self) -> str:
        """What is wished for, in words."""
        match self.kind:
            case Kind.ROLLBACK:
                return f"a rollback to {short(self.sha)}"
            case Kind.RESTART:
                return f"a restart of the pods of {short(self.sha)}"
        over = f", in place of {self.accepts_image}" if self.accepts_image else ""
        return f"a Deploy of {short(self.sha)}{', although CI failed' if self.accepts_red else ''}{over}"


def note_refusal(refusal: str, deploy_request: DeployRequest, *, site: Site, now: datetime) -> None:
    """Write into the audit what was wished for, and why it was refused."""
    described = f"Refused {deploy_request.described}. {refusal}"
    audit.record(
        AuditEvent.Kind.REFUSAL,
        described,
        by=deploy_request.by,
        by_name=deploy_request.by_name,
        site=site,
        now=now,
    )
