"""Logging in with GitHub: who is on the list, and nobody else. Wired only where settings name a client id."""

from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import timezone

from dashboard.accounts.github_list import NOT_LISTED, is_named, membership, remember
from deployments.clients.github import GitHubError
from deployments.clients.timely_http import session

TIMEOUT_SECONDS = 10
UNCONFIRMED = "GitHub did not confirm the login. Try again, or log in another way."
NO_SECOND_WAY = "A GitHub account cannot be added to an account here. Log out, then log in with GitHub."
_MEMBER_OF = "headway_member_of"


class GitHubAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Turn away who is not on the list (any more), at each login anew."""
        # An account here is never found, nor taken over, by an e-mail address.
        sociallogin.email_addresses = []
        sociallogin.user.email = sociallogin.user.email if sociallogin.is_existing else ""
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            _turn_away(request, NO_SECOND_WAY)
        organisation = self._organisation_of(request, sociallogin)
        setattr(sociallogin, _MEMBER_OF, organisation)
        if sociallogin.is_existing:
            self._remember(sociallogin.user, sociallogin)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Whoever passed the list gets an account, as a viewer."""
        return True

    def on_authentication_error(self, request: HttpRequest, provider: Any, **_: Any) -> None:
        _turn_away(request, UNCONFIRMED)

    def get_requests_session(self) -> Any:
        """Let no request of allauth's hold a web thread for longer."""
        return session(timeout_seconds=TIMEOUT_SECONDS)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        user: User = super().save_user(request, sociallogin, form)
        user.set_unusable_password()
        user.save(update_fields=["password"])
        self._remember(user, sociallogin)
        return user

    def _organisation_of(self, request: HttpRequest, sociallogin: SocialLogin) -> str:
        """Return the organisation that lets this person in, nothing for one whom the list names; turn away all others."""
        if is_named(sociallogin.account.extra_data.get("login")):
            return ""
        try:
            organisation = membership(sociallogin.token.token)
        except GitHubError:
            _turn_away(request, UNCONFIRMED)
        return organisation or _turn_away(request, NOT_LISTED)

    def _remember(self, user: User, sociallogin: SocialLogin) -> None:
        remember(
            user,
            organisation=getattr(sociallogin, _MEMBER_OF),
            token=sociallogin.token.token,
            now=timezone.now(),
        )


def _turn_away(request: HttpRequest, message: str) -> NoReturn:
    messages.error(request, message)
    raise ImmediateHttpResponse(redirect("account_login"))
