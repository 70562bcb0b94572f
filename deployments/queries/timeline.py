"""What a Deploy's page shows besides its row: what happened when, and how long such a Deploy takes on this site."""

from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from django.db.models import F

from deployments.models import Deploy, EventKind, Status

LINES_SHOWN = 40
HISTORY_OF = 10


class Line(NamedTuple):
    """A line of the timeline."""

    at: datetime
    kind: EventKind
    message: str


def timeline(deploy: Deploy) -> tuple[Line, ...]:
    """What happened, the newest last; of a very long one the newest lines. Runs one SQL query."""
    newest = deploy.events.order_by("-id").values_list("at", "kind", "message")[:LINES_SHOWN]
    return tuple(Line(at, EventKind(kind), message) for at, kind, message in reversed(newest))


def expected_duration(*, site_id: int) -> timedelta | None:
    """From patch to success, the median of the site's last ten; None where it has no history. Runs one SQL query."""
    done = Deploy.objects.filter(site_id=site_id, status=Status.SUCCEEDED, patched_at__isnull=False)
    took = done.order_by("-id").values_list(F("finished_at") - F("patched_at"), flat=True)[:HISTORY_OF]
    seconds = [each.total_seconds() for each in took]
    return timedelta(seconds=median(seconds)) if seconds else None
