"""Logging in, and one's own account, where django-allauth's views are not enough."""

from typing import Any

from allauth.core.internal.ratelimit import consume
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY
from allauth.usersessions.views import ListUserSessionsView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.access import open_to_all
from dashboard.accounts.forms import WelcomeForm
from dashboard.accounts.welcome import UnableToWelcome, announce, make_first_admin
from dashboard.timezones import now_for

WELCOME_RATE = {"welcome": "10/m/ip,60/m/key"}
PASSKEY_RATE = {"passkey": "30/m/ip"}
CHALLENGE_COOKIE = "passkey"
CHALLENGE_SECONDS = 5 * 60


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """Create the first admin, once; afterwards this page does not exist."""
    if User.objects.exists():
        raise Http404
    if request.method != "POST":
        announce()
        return render(
            request, "welcome.html", {"form": WelcomeForm(initial={"code": request.GET.get("code", "")})}
        )
    if not consume(request, app="dashboard", action="welcome", config=WELCOME_RATE, key="everyone"):
        return render(request, "429.html", status=429)
    form = WelcomeForm(request.POST)
    if not form.is_valid():
        return render(request, "welcome.html", {"form": form})
    try:
        user = make_first_admin(form.save)
    except UnableToWelcome as error:
        raise Http404 from error
    login(request, user, backend="dashboard.access.Backend")
    messages.success(request, "Welcome! Add a passkey to log in without a password next time.")
    return redirect("mfa_index")


welcome.access = "open"  # type: ignore[attr-defined]  # the one open page that does not lead to itself


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def passkey_login(request: HttpRequest) -> HttpResponse:
    """Ask a browser for a passkey, and log in with it. The challenge is in a signed cookie: a session would be a row for each visit."""
    if not consume(request, app="dashboard", action="passkey", config=PASSKEY_RATE, limit_get=True):
        return render(request, "429.html", status=429)
    if request.method == "POST" and (state := challenge_in(request)):
        request.session[STATE_SESSION_KEY] = state
    answer: HttpResponse = webauthn.login_webauthn(request)
    state = request.session.pop(STATE_SESSION_KEY, None)
    if request.method == "POST":
        answer.delete_cookie(CHALLENGE_COOKIE, path=request.path, samesite="Lax")
    elif state:
        keep_challenge(answer, request, state)
    return answer


def keep_challenge(answer: HttpResponse, request: HttpRequest, state: dict[str, Any]) -> None:
    """Have the browser keep what it is asked, for this address alone."""
    answer.set_cookie(
        CHALLENGE_COOKIE,
        signing.dumps(state, salt=CHALLENGE_COOKIE),
        max_age=CHALLENGE_SECONDS,
        path=request.path,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def challenge_in(request: HttpRequest) -> dict[str, Any] | None:
    """Return what the browser was asked lately, once."""
    try:
        state: dict[str, Any] = signing.loads(
            request.COOKIES.get(CHALLENGE_COOKIE, ""), salt=CHALLENGE_COOKIE, max_age=CHALLENGE_SECONDS
        )
    except signing.BadSignature:
        return None
    is_first = cache.add(f"passkey:{state.get('challenge')}", True, CHALLENGE_SECONDS)
    return state if is_first else None


@require_safe
@open_to_all
def admin_login(request: HttpRequest) -> HttpResponse:
    """Lead to the one login page there is; who is logged in and still sent here is not staff."""
    if request.user.is_authenticated:
        raise PermissionDenied("The admin is for admins. Ask one of them to give you that role.")
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


def to_account(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django's view
    """Lead to the one page with passkeys and password."""
    return redirect("mfa_index")


class Sessions(ListUserSessionsView):  # type: ignore[misc]  # allauth is not typed
    """Where one is logged in, this browser first, then the newest."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        newest_first = context["sessions"][::-1]
        context["sessions"] = sorted(newest_first, key=lambda session: not session.is_current())
        return context | {"now": now_for(self.request)}
