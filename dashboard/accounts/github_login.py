"""Logging in with GitHub, for people on the list only. Enabled only if settings have a client id."""

from allauth.socialaccount.models import SocialLogin
from django.contrib.auth.models import User
from django.utils import timezone

from dashboard.accounts.github_list import NOT_LISTED, is_named, membership, remember
from deployments.clients.github import GitHubError

UNCONFIRMED = "GitHub did not confirm the login. Try again, or use another login method."
_MEMBER_OF = "headway_member_of"


def admit(sociallogin: SocialLogin) -> str:
    """Keep with the login which listed organisation lets this person in; return why they are turned away, if they are."""
    if not str(sociallogin.account.uid).isdecimal():
        # All people without one would share an account.
        return UNCONFIRMED
    organisation = ""
    if not is_named(sociallogin.account.extra_data.get("login")):
        try:
            organisation = membership(sociallogin.token.token)
        except GitHubError:
            return UNCONFIRMED
        if not organisation:
            return NOT_LISTED
    setattr(sociallogin, _MEMBER_OF, organisation)
    return ""


def remember_login(user: User, sociallogin: SocialLogin) -> None:
    remember(
        user,
        organisation=getattr(sociallogin, _MEMBER_OF),
        token=sociallogin.token.token,
        now=timezone.now(),
    )
