"""What a person's phone is notified of."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import acting_user, login_needed, may_deploy
from dashboard.forms import first_error
from dashboard.notification_forms import BrowserForm, NotificationPreferenceForm
from dashboard.timezones import now_for
from deployments.models import NotificationPreference, PushSubscription

BROWSERS_AT_MOST = 20


@require_http_methods(["GET", "HEAD", "POST"])
@login_needed
def notifications(request: HttpRequest) -> HttpResponse:
    """GET shows the preferences, POST changes them."""
    user = acting_user(request)
    preference = NotificationPreference.objects.filter(user=user).first() or NotificationPreference(user=user)
    form = NotificationPreferenceForm(request.POST if request.method == "POST" else None, instance=preference)
    if request.method == "POST":
        if form.is_valid():
            form.save()
            messages.success(request, "Saved. Applies to all your browsers.")
            return redirect("notifications")
        messages.error(request, first_error(form))
    browsers = PushSubscription.objects.filter(user=user).order_by("-created_at")
    context = {"form": form, "browsers": browsers, "public_key": settings.VAPID_PUBLIC_KEY}
    context |= {"now": now_for(request), "may_deploy": may_deploy(user)}
    return render(request, "notifications.html", context)


@require_POST
@login_needed
def subscribe(request: HttpRequest) -> HttpResponse:
    """Remember this browser: 204, or 400 with a sentence."""
    user, form = acting_user(request), BrowserForm(request.POST)
    if not form.is_valid():
        return HttpResponse(first_error(form), status=400, content_type="text/plain")
    ours = PushSubscription.objects.filter(user=user)
    endpoint = form.cleaned_data["endpoint"]
    if ours.exclude(endpoint=endpoint).count() >= BROWSERS_AT_MOST:
        message = f"{BROWSERS_AT_MOST} browsers of yours are turned on. Turn one off first."
        return HttpResponse(message, status=400, content_type="text/plain")
    keys = {name: form.cleaned_data[name] for name in ("p256dh", "auth")}
    PushSubscription.objects.update_or_create(
        endpoint=endpoint,
        defaults={"user": user, "failures": 0} | keys,
        create_defaults={"user": user, "created_at": timezone.now()} | keys,
    )
    return HttpResponse(status=204)


@require_POST
@login_needed
def is_subscribed(request: HttpRequest) -> HttpResponse:
    """Whether this browser is one of one's own that are notified: 204, or 404."""
    ours = PushSubscription.objects.filter(user=acting_user(request), endpoint=_endpoint(request))
    return HttpResponse(status=204 if ours.exists() else 404)


@require_POST
@login_needed
def unsubscribe(request: HttpRequest) -> HttpResponse:
    """Forget one of one's own browsers: 204 where a script asks, the page otherwise."""
    ours = PushSubscription.objects.filter(user=acting_user(request))
    ours.filter(endpoint=_endpoint(request)).delete()
    return HttpResponse(status=204) if "script" in request.POST else redirect("notifications")


def _endpoint(request: HttpRequest) -> str:
    return request.POST.get("endpoint", "").replace("\0", "")
