"""Who did what, when, from where: for staff."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.access import admin_needed
from dashboard.timezones import now_for
from dashboard.views.frame import Live, searched, show
from deployments import queries
from deployments.models import AuditEvent

KEY_DIGITS = 18


@require_safe
@admin_needed
def audit(request: HttpRequest) -> HttpResponse:
    """`?kind=` and `?q=` filter, `?before=` pages; values that cannot be read are ignored."""
    now = now_for(request)
    kind, search = request.GET.get("kind", ""), searched(request)
    kind = kind if kind in AuditEvent.Kind.values else ""
    before = request.GET.get("before", "")
    older_than = int(before) if before.isdecimal() and len(before) <= KEY_DIGITS else None
    page = queries.audit_page(now=now, kind=kind, search=search, older_than=older_than)
    narrowed = {name: value for name, value in (("kind", kind), ("q", search)) if value}
    older = urlencode(narrowed | {"before": page.older_than}) if page.older_than else ""
    live = Live("_audit.html")
    context = {"events": page.events, "kinds": AuditEvent.Kind.choices, "kind": kind, "search": search}
    return show(
        request, "audit.html", live, system_status=page.system_status, now=now, older=older, **context
    )
