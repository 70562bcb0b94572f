"""Inviting people, and opening an invitation on one's own phone."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from allauth.core.internal.ratelimit import consume
from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY, begin_registration
from allauth.mfa.webauthn.internal.flows import signup_authenticator
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import View, acting_user, admin_needed, open_to_all
from dashboard.accounts import invitations
from dashboard.accounts.forms import NAME_IS_TAKEN, AddPasskeyForm, InvitationForm, SetPasswordForm
from dashboard.accounts.invitations import Invitation
from dashboard.accounts.reauthentication import ask_for_check
from dashboard.accounts.roles import MEANINGS, Role
from dashboard.timezones import now_for
from dashboard.views.accounts import challenge_in, keep_challenge

RATE = {"invitation": "30/m/ip"}
RECENT = "Inviting people needs a recent sign-in."


def inviter_needed(view: View[...]) -> View[...]:
    """Let pass administrators who may add users; before they change anything, after a recent check."""

    @admin_needed
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse:
        if not invitations.may_invite(acting_user(request)):
            raise PermissionDenied("You can't add users. Ask an admin who can.")
        asked = ask_for_check(request, RECENT) if request.method == "POST" else None
        return asked or view(request, *args, **kwargs)

    guarded.access = "admin"  # type: ignore[attr-defined]  # what the walk over all addresses reads
    return guarded


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inviter_needed
def invite(request: HttpRequest) -> HttpResponse:
    """Who is invited, and a form for the next; the link is shown in the answer to that form alone."""
    if request.method != "POST":
        return _overview(request, form=InvitationForm())
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _overview(request, form=form)
    name, role = form.cleaned_data["username"], Role(form.cleaned_data["role"])
    try:
        made, link = invitations.invite(name=name, role=role, by=acting_user(request), now=timezone.now())
    except IntegrityError:
        form.add_error("username", NAME_IS_TAKEN)
        return _overview(request, form=form)
    return _overview(request, form=InvitationForm(), made=made, link=link)


@never_cache
@require_POST
@inviter_needed
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a new link for the same person; the one before no longer works."""
    user = get_object_or_404(invitations.pending(), pk=pk)
    with _opened_meanwhile_is_404():
        made, link = invitations.renew(user=user, by=acting_user(request), now=timezone.now())
    return _overview(request, form=InvitationForm(), made=made, link=link)


@never_cache
@require_POST
@inviter_needed
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(invitations.pending(), pk=pk)
    with _opened_meanwhile_is_404():
        invitations.revoke(user=user, by=acting_user(request), now=timezone.now())
    messages.success(request, f"Revoked the invitation of {user.get_username()}.")
    return redirect("invitations")


@contextmanager
def _opened_meanwhile_is_404() -> Iterator[None]:
    try:
        yield
    except User.DoesNotExist as error:
        raise Http404 from error


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Say who invites to what; on POST, save the passkey or the password, and log in. A GET changes nothing."""
    if not consume(request, app="dashboard", action="invitation", config=RATE, limit_get=True):
        return render(request, "429.html", status=429)
    invitation = invitations.find(token, now=timezone.now())
    if invitation is None:
        return _not_valid(request)
    if request.method != "POST":
        return _page(request, invitation)
    is_passkey = "credential" in request.POST
    return (_by_passkey if is_passkey else _by_password)(request, invitation, token)


def _by_password(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    form = SetPasswordForm(user=invitation.user, data=request.POST)
    if not form.is_valid():
        return _page(request, invitation, password_form=form)
    with transaction.atomic():
        if user := invitations.open_account(token, now=timezone.now()):
            user.set_password(form.cleaned_data["password1"])
            user.save(update_fields=["password"])
    return _entered(request, user)


def _by_passkey(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    if state := challenge_in(request):
        request.session[STATE_SESSION_KEY] = state
    form = AddPasskeyForm(user=invitation.user, data=request.POST)
    is_right = form.is_valid()
    request.session.pop(STATE_SESSION_KEY, None)
    if not is_right:
        return _page(request, invitation, passkey_form=form)
    with transaction.atomic():
        if user := invitations.open_account(token, now=timezone.now()):
            signup_authenticator(request, user, form.cleaned_data["name"], form.cleaned_data["credential"])
    return _entered(request, user)


def _entered(request: HttpRequest, user: User | None) -> HttpResponse:
    if user is None:
        return _not_valid(request)
    login(request, user, backend="dashboard.access.Backend")
    return redirect("sites")


def _page(request: HttpRequest, invitation: Invitation, **forms: Any) -> HttpResponse:
    """The browser keeps the challenge for a passkey, in a signed cookie, as at the login."""
    options = begin_registration(invitation.user, passwordless=True)
    state = request.session.pop(STATE_SESSION_KEY)
    context = {
        "invitation": invitation,
        "meaning": MEANINGS[invitation.role],
        "password_form": SetPasswordForm(user=invitation.user),
        "passkey_form": AddPasskeyForm(user=invitation.user),
        "js_data": {"creation_options": options},
    }
    answer = render(request, "invited.html", context | forms)
    keep_challenge(answer, request, state)
    return answer


def _not_valid(request: HttpRequest) -> HttpResponse:
    """One answer, whatever is wrong: it does not reveal who is invited, or was."""
    return render(request, "invitation_over.html", status=404)


def _overview(
    request: HttpRequest, *, form: InvitationForm, made: Invitation | None = None, link: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "made": made,
        "link": link,
        "qr": _qr_code(link) if link else "",
        "pending": invitations.pending_invitations(),
        "now": now_for(request),
    }
    return render(request, "invitations.html", context)


def _qr_code(link: str) -> str:
    """As a data address: allauth's picture of an authenticator's key, of our link."""
    svg: str = get_adapter().build_totp_svg(link)
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
