"""Incomplete login settings, each with an id and a hint."""

from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004  Django's own name

from dashboard.accounts.proxy_login import is_switched_on
from deployments.system_checks import SETTINGS


@register(SETTINGS)
def proxy_login_is_whole_or_off(**_: Any) -> list[CheckMessage]:
    any_of_it = settings.TRUSTED_USER_HEADER or settings.TRUSTED_SECRET or settings.TRUSTED_NETWORKS
    if not any_of_it or is_switched_on():
        return []
    hint = "It needs TRUSTED_USER_HEADER, TRUSTED_PROXIES of 1 or more, and TRUSTED_SECRET; or unset all."
    return [
        Warning(
            "Login by a proxy's header is half configured, and so stays off.", hint=hint, id="headway.W010"
        )
    ]


@register(SETTINGS)
def trusted_networks_can_be_read(**_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for network in settings.TRUSTED_NETWORKS or []:
        try:
            ip_network(network, strict=False)
        except ValueError:
            hint = "Use networks like 10.0.0.0/8, separated by commas."
            found.append(
                Error(f"TRUSTED_NETWORKS: {network} is not a network.", hint=hint, id="headway.E010")
            )
    return found


@register(SETTINGS)
def oidc_login_is_whole_or_off(**_: Any) -> list[CheckMessage]:
    needed = (settings.OIDC_URL, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)
    if all(needed[:2]) and not settings.OIDC_CLIENT_SECRET:
        # A worker, and what migrates for it, read the same ConfigMap and must not know the secret.
        hint = "Web needs it, in its Secret headway-web. No other process does."
        return [
            Warning("Login with OpenID Connect has no OIDC_CLIENT_SECRET here.", hint=hint, id="headway.W014")
        ]
    if any(needed) and not all(needed):
        hint = "Set OIDC_URL, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, or none of them."
        return [Error("Login with OpenID Connect is half configured.", hint=hint, id="headway.E011")]
    if settings.OIDC_CLIENT_ID and not (
        settings.OIDC_ADMINS or settings.OIDC_DEPLOYERS or settings.OIDC_VIEWERS
    ):
        hint = f"List values of the claim “{settings.OIDC_ROLES_CLAIM}” in OIDC_ADMINS, OIDC_DEPLOYERS and OIDC_VIEWERS."
        return [Warning("Login with OpenID Connect lets nobody in.", hint=hint, id="headway.W013")]
    return []


@register(SETTINGS)
def github_login_is_whole_or_off(**_: Any) -> list[CheckMessage]:
    client, secret = settings.GITHUB_LOGIN_CLIENT_ID, settings.GITHUB_LOGIN_CLIENT_SECRET
    if bool(client) != bool(secret):
        hint = "Set both GITHUB_LOGIN_CLIENT_ID and GITHUB_LOGIN_CLIENT_SECRET, or neither."
        return [Warning("Login with GitHub is half configured.", hint=hint, id="headway.W011")]
    if client and not settings.GITHUB_LOGIN_ALLOWED:
        hint = "List GitHub logins and organisations in GITHUB_LOGIN_ALLOWED, like octocat,org/my-team."
        return [Warning("Login with GitHub lets nobody in.", hint=hint, id="headway.W012")]
    return []
