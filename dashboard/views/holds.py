"""Holds: placed on a site, on one commit of it, or on everything; resumed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.access import acting_user, deployer_needed
from dashboard.accounts.reauthentication import authentication_of
from dashboard.forms import HoldForm, first_error
from dashboard.views.frame import name_in_lower_case, page_before
from deployments.models import Hold, Site
from deployments.operations.hold import UnableToHold, place_hold, resume_hold
from deployments.rules.wording import moment


@require_POST
@name_in_lower_case
@deployer_needed
def hold_site(request: HttpRequest, name: str) -> HttpResponse:
    """Stop this site, or one commit of it."""
    site = get_object_or_404(Site, name=name)
    _place(request, site)
    return redirect("site", name)


@require_POST
@deployer_needed
def hold_everything(request: HttpRequest) -> HttpResponse:
    """Pause every site; returns to the page on which it was tapped."""
    _place(request, None)
    return redirect(page_before(request))


@require_POST
@deployer_needed
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Resume what this Hold stopped, after a check where another person placed it; a second tap changes nothing."""
    hold = get_object_or_404(Hold.objects.select_related("site"), pk=pk)
    resume_hold(
        hold_id=hold.pk,
        by=acting_user(request),
        authentication=authentication_of(request),
        now=timezone.now(),
    )
    where = hold.site.name if hold.site else "everything"
    messages.success(request, f"Resumed. {where} can be deployed again.")
    return redirect(reverse("site", args=[hold.site.name]) if hold.site else reverse("sites"))


def _place(request: HttpRequest, site: Site | None) -> None:
    now = timezone.now()
    form = HoldForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return
    reason, sha = form.cleaned_data["reason"], form.cleaned_data["sha"] if site else ""
    try:
        hold = place_hold(
            site=site, sha=sha, reason=reason, by=acting_user(request), until=form.until(now), now=now
        )
    except UnableToHold as refusal:
        messages.error(request, str(refusal))
    else:
        end = moment(hold.until) if hold.until else "resumed"
        what = f"{site} is on hold until {end}" if site else f"All deploys are paused until {end}"
        messages.success(request, f"{what}. Rollbacks and restarts stay possible.")
