"""Logging in with GitHub: who is on the list, and nobody else. Wired only where settings name a client id."""

from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import redirect

from deployments.clients.timely_http import session

ORGANISATION = "org/"
TIMEOUT_SECONDS = 10


class GitHubAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Turn away who is not on the list (any more), at each login anew."""
        # An account here is never found, nor taken over, by an e-mail address.
        sociallogin.email_addresses = []
        sociallogin.user.email = sociallogin.user.email if sociallogin.is_existing else ""
        if not self._is_allowed(sociallogin):
            _turn_away(request, "This GitHub account is not on the list of those who may log in here.")

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Whoever passed the list gets an account, as a viewer."""
        return True

    def on_authentication_error(self, request: HttpRequest, provider: Any, **_: Any) -> None:
        _turn_away(request, "GitHub did not confirm the login. Try again, or log in another way.")

    def get_requests_session(self) -> Any:
        """Let no request of allauth's, nor one of ours, hold a web thread for longer."""
        return session(timeout_seconds=TIMEOUT_SECONDS)

    def _is_allowed(self, sociallogin: SocialLogin) -> bool:
        login = str(sociallogin.account.extra_data.get("login", "")).lower()
        allowed = [each.strip().lower() for each in settings.GITHUB_LOGIN_ALLOWED]
        organisations = [each.removeprefix(ORGANISATION) for each in allowed if each.startswith(ORGANISATION)]
        return bool(login) and (
            login in allowed or any(self._is_member(each, sociallogin.token.token) for each in organisations)
        )

    def _is_member(self, organisation: str, token: str) -> bool:
        """Ask GitHub: https://docs.github.com/en/rest/orgs/members#get-an-organization-membership-for-the-authenticated-user"""
        url = f"{GitHubOAuth2Adapter.api_url}/user/memberships/orgs/{organisation}"
        with self.get_requests_session() as asking:
            answer = asking.get(url, headers={"Authorization": f"Bearer {token}"})
        return bool(answer.status_code == 200 and answer.json().get("state") == "active")  # noqa: PLR2004  HTTP's OK

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        user: User = super().save_user(request, sociallogin, form)
        user.set_unusable_password()
        user.save(update_fields=["password"])
        return user


def _turn_away(request: HttpRequest, message: str) -> NoReturn:
    messages.error(request, message)
    raise ImmediateHttpResponse(redirect("account_login"))
