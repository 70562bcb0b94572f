"""Logging in with OpenID Connect: each login's claims give the role, and no role means no login. Enabled only if settings have a client id."""

import logging
from collections.abc import Callable
from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from dashboard.accounts.claims import role_for, values_of
from dashboard.accounts.oidc_provider import PROVIDER, Adapter
from dashboard.accounts.roles import Role, give_role
from dashboard.accounts.social_login import or_unconfirmed

logger = logging.getLogger(__name__)
LONGEST_VALUES = 300
"""Characters of a claim's values in the log."""


def unconfirmed() -> str:
    return f"{settings.OIDC_NAME} did not confirm the login. Try again, or use another login method."


def no_role() -> str:
    return f"{settings.OIDC_NAME} gives you no role in Headway. Ask an administrator for one."


def role_in(login: SocialLogin) -> Role | None:
    """Return the role that this login's claims give; None: nobody may come in by it."""
    return role_for(
        _values(login),
        viewers=settings.OIDC_VIEWERS,
        deployers=settings.OIDC_DEPLOYERS,
        admins=settings.OIDC_ADMINS,
    )


def log_values(login: SocialLogin) -> None:
    """Say in the log what the claim held that gave no role: the settings, or the provider's scopes, are corrected by it."""
    values = ", ".join(sorted(_values(login)))[:LONGEST_VALUES]
    message = "%s gives no role: the claim “%s” holds %s, of which OIDC_ADMINS, OIDC_DEPLOYERS and OIDC_VIEWERS list none."
    logger.warning(message, settings.OIDC_NAME, settings.OIDC_ROLES_CLAIM, values or "nothing")


def _values(login: SocialLogin) -> frozenset[str]:
    data = login.account.extra_data
    claims = {**data.get("userinfo", {}), **data.get("id_token", {})}
    return values_of(claims, settings.OIDC_ROLES_CLAIM)


def take_role_away(user: User) -> None:
    """Leave the person nothing of what an earlier login gave: the role, and the sessions that are open."""
    give_role(user, Role.VIEWER)
    user.groups.clear()
    for session in UserSession.objects.filter(user=user):
        session.end()


def refusal_for(user: User) -> str:
    """Return why this person may not log in by password or passkey: only the provider knows the role they have today."""
    if not SocialAccount.objects.filter(user=user, provider=PROVIDER).exists():
        return ""
    return f"Log in with {settings.OIDC_NAME}: it decides at each login what you may do here."


def _view(kind: Any) -> Callable[[HttpRequest, str], HttpResponse]:
    def view(request: HttpRequest, provider_id: str) -> HttpResponse:
        answer: HttpResponse = kind.adapter_view(Adapter(request, provider_id))(request)
        return answer

    return or_unconfirmed(view, is_oidc=True)


login, callback = _view(OAuth2LoginView), _view(OAuth2CallbackView)
