"""What the doctor found, for admins. The page calls no external service: a worker does, which has the credentials."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import admin_needed
from dashboard.views.frame import Live, show
from deployments import queries
from deployments.models import Examination
from deployments.operations.doctor.request import request_examination


@require_safe
@admin_needed
def doctor(request: HttpRequest) -> HttpResponse:
    """The newest findings, those that need someone first."""
    now = timezone.now()
    examination = Examination.latest()
    order = ("bad", "warning", "good")
    findings = sorted(examination.findings, key=lambda each: order.index(each["grade"]))
    live = Live("_doctor.html")
    return show(
        request,
        "doctor.html",
        live,
        system_status=queries.system_status(now=now),
        now=now,
        examination=examination,
        findings=findings,
    )


@require_POST
@admin_needed
def check_again(request: HttpRequest) -> HttpResponse:
    """Have a worker check everything again."""
    request_examination(now=timezone.now())
    messages.success(request, "Checks started. This page shows the results.")
    return redirect("doctor")
