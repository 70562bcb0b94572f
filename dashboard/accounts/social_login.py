"""Logging in with another service: GitHub, or an OpenID Connect provider. Only people that the settings list are admitted."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import DataError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from dashboard.accounts.oidc_provider import PROVIDER as OIDC
from dashboard.accounts.roles import give_role
from deployments.clients.timely_http import session

logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10
LONGEST_REASON = 500
"""Characters of it in a log."""
NO_SECOND_WAY = "An account elsewhere cannot be added to an account here. Log out, then log in with it."

UNREADABLE = (
    *(OAuth2Error, OSError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError),
    *(RecursionError, DataError),
)
"""What comes of a service that does not answer, or answers something other than its documentation says: errors of HTTP are OSErrors, a
lifetime beyond our calendar is an ArithmeticError, and PostgreSQL keeps no NUL."""


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Reject people that the list, or the claims, no longer admit, at each login."""
        # An account here is never found, nor taken over, by an e-mail address.
        sociallogin.email_addresses = []
        sociallogin.user.email = sociallogin.user.email if sociallogin.is_existing else ""
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            _turn_away(request, NO_SECOND_WAY)
        if message := _judged(sociallogin):
            _turn_away(request, message)
        if sociallogin.is_existing:
            _remember(sociallogin.user, sociallogin)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Everyone who was not rejected gets an account."""
        return True

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, exception: object = None, **more: Any
    ) -> None:
        """Show a sentence, and log why: the provider's answer names the setting to correct."""
        why = str(exception or more.get("error") or "no reason was given")[:LONGEST_REASON]
        logger.warning("%s did not confirm a login: %s", provider.name, why)
        _turn_away(request, _unconfirmed(is_oidc=getattr(provider, "sub_id", "") == OIDC))

    def get_requests_session(self) -> Any:
        """Let no request of allauth's hold a web thread for longer."""
        return session(timeout_seconds=TIMEOUT_SECONDS)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        with transaction.atomic():
            user: User = super().save_user(request, sociallogin, form)
            user.set_unusable_password()
            user.save(update_fields=["password"])
            _remember(user, sociallogin)
        return user


def or_unconfirmed(
    view: Callable[..., HttpResponse], *, is_oidc: bool = False
) -> Callable[..., HttpResponse]:
    """Lead back to the login page, with a sentence, where the other service cannot be asked."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except UNREADABLE as error:
            message = _unconfirmed(is_oidc=is_oidc)
            logger.warning("%s %s: %s", message, type(error).__name__, error)
            messages.error(request, message)
            return redirect("account_login")

    return guarded


def refusal_for(user: User) -> str:
    """Return why this person may not log in by password or passkey; nothing where they may."""
    if settings.OIDC_CLIENT_ID:
        from dashboard.accounts.oidc_login import refusal_for as by_claims

        if refusal := by_claims(user):
            return refusal
    if settings.GITHUB_LOGIN_CLIENT_ID:
        from dashboard.accounts.github_list import refusal_for as by_list

        return by_list(user, now=timezone.now())
    return ""


def _judged(sociallogin: SocialLogin) -> str:
    """Return why this login is turned away, and keep with it what it gives."""
    if sociallogin.account.provider == OIDC:
        from dashboard.accounts.oidc_login import log_values, no_role, role_in, take_role_away

        if role_in(sociallogin):
            return ""
        if sociallogin.is_existing:
            take_role_away(sociallogin.user)
        log_values(sociallogin)
        return no_role()
    from dashboard.accounts.github_login import admit

    return admit(sociallogin)


def _remember(user: User, sociallogin: SocialLogin) -> None:
    if sociallogin.account.provider == OIDC:
        from dashboard.accounts.oidc_login import role_in

        if role := role_in(sociallogin):
            give_role(user, role)
        return
    from dashboard.accounts.github_login import remember_login

    remember_login(user, sociallogin)


def _unconfirmed(*, is_oidc: bool) -> str:
    if is_oidc:
        from dashboard.accounts.oidc_login import unconfirmed

        return unconfirmed()
    from dashboard.accounts.github_login import UNCONFIRMED

    return UNCONFIRMED


def _turn_away(request: HttpRequest, message: str) -> NoReturn:
    messages.error(request, message)
    raise ImmediateHttpResponse(redirect("account_login"))
