"""Whether hooks arrive, what followed, and how each door is set up: for administrators."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import acting_user, admin_needed
from dashboard.forms import HookTokenForm, first_error
from dashboard.hooks import recipes
from dashboard.timezones import now_for
from deployments import queries
from deployments.models import HookToken, Site
from deployments.operations.hooks.tokens import make_token as make
from deployments.operations.hooks.tokens import revoke_token as revoke
from deployments.rules.hooks.hint import Door

NAMES = {
    Door.GITHUB: "GitHub webhooks",
    Door.ACTIONS: "GitHub Actions",
    Door.GOOGLE: "Google Pub/Sub",
    Door.IMAGE: "Registries",
}


@dataclass(frozen=True)
class DoorView:
    name: str
    is_open: bool
    report: queries.DoorReport


@require_safe
@admin_needed
def hooks(request: HttpRequest) -> HttpResponse:
    """The last deliveries of each door, and what came of them."""
    now = now_for(request)
    is_open = _open_doors()
    doors = [DoorView(NAMES[each.door], is_open[each.door], each) for each in queries.door_reports(now=now)]
    context = {"doors": doors, "now": now, "system_status": queries.system_status(now=now)}
    return render(request, "hooks.html", context)


@require_safe
@admin_needed
def set_up(request: HttpRequest) -> HttpResponse:
    """Addresses, secrets and commands."""
    return _set_up(request)


@require_POST
@admin_needed
def make_token(request: HttpRequest) -> HttpResponse:
    """Show a new token for the door of images: once, so this answer is its page."""
    form = HookTokenForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("set-up-hooks")
    token = make(name=form.cleaned_data["name"], by=acting_user(request), now=timezone.now())
    answer = _set_up(request, new_token=token)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@admin_needed
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke it."""
    token = get_object_or_404(HookToken, pk=pk)
    revoke(token=token, by=acting_user(request), now=timezone.now())
    messages.success(request, f"Revoked the token {token.name}.")
    return redirect("set-up-hooks")


def _open_doors() -> dict[Door, bool]:
    return {
        Door.GITHUB: bool(settings.GITHUB_HOOK_SECRETS),
        Door.ACTIONS: settings.ACTIONS_HOOK,
        Door.GOOGLE: bool(settings.PUBSUB_PUSH_ACCOUNT or settings.PUBSUB_SUBSCRIPTION),
        Door.IMAGE: bool(queries.hook_tokens()),
    }


def _set_up(request: HttpRequest, *, new_token: str = "") -> HttpResponse:
    now, here = now_for(request), f"{settings.PUBLIC_URL}/hooks"
    names = (f"{owner}/{name}" for owner, name in Site.objects.values_list("owner", "repository"))
    context: dict[str, Any] = {
        "github": recipes.github(address=f"{here}/github", repositories=names),
        "actions": recipes.actions(address=f"{here}/actions", audience=settings.PUBLIC_URL),
        "google": recipes.google(
            address=f"{here}/google",
            audience=settings.PUBSUB_PUSH_AUDIENCE,
            account=settings.PUBSUB_PUSH_ACCOUNT,
        ),
        "image": recipes.image(address=f"{here}/image/{new_token}") if new_token else [],
        "tokens": queries.hook_tokens(),
        "open": {door.value: is_open for door, is_open in _open_doors().items()},
        "is_secure": settings.PUBLIC_URL.startswith("https://"),
    }
    return render(
        request, "hooks_set_up.html", context | {"now": now, "system_status": queries.system_status(now=now)}
    )
