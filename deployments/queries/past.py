"""What was deployed to a site within 90 days."""

from datetime import datetime, timedelta

from django.db.models import F, OuterRef, Subquery
from django.db.models.fields.json import KeyTransform

from deployments.models import CommitRange, Deploy, Kind, Site, Status
from deployments.rules.past import DAYS, Outcome, Past, PastDeploy, past
from deployments.rules.times import parse_time

MOST_READ = 1000
_ENDS = (Status.SUCCEEDED, *sorted(Status.FAILURES))


def past_of(site: Site, *, now: datetime) -> Past:
    """Runs one SQL query, whatever there is."""
    newest_commit = CommitRange.objects.filter(
        owner=site.owner, repository=site.repository, head=OuterRef("sha")
    ).order_by()
    # The commits of a range are the newest first, so that the first is its head.
    rows = (
        Deploy.objects.filter(site=site, status__in=_ENDS, finished_at__gt=now - timedelta(days=DAYS))
        .order_by("-id")
        .values_list("status", "kind", "finished_at", "patched_at")
        .annotate(commit=Subquery(newest_commit.values(first=KeyTransform("0", F("commits")))[:1]))
    )
    return past((_past_deploy(*row) for row in rows[:MOST_READ]), now=now)


def _past_deploy(
    status: str, kind: str, finished_at: datetime, patched_at: datetime | None, commit: object
) -> PastDeploy:
    has_succeeded = status == Status.SUCCEEDED
    is_usual = has_succeeded and kind == Kind.DEPLOY
    made_at = parse_time(commit.get("committed_at")) if isinstance(commit, dict) else None
    outcome = Outcome.SUCCEEDED if has_succeeded else Outcome.FAILED
    return PastDeploy(
        outcome=Outcome.ROLLED_BACK if has_succeeded and kind == Kind.ROLLBACK else outcome,
        at=finished_at,
        took=finished_at - patched_at if is_usual and patched_at else None,
        lead=finished_at - made_at if is_usual and made_at else None,
    )
