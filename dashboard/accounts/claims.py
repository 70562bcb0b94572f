"""Which role, if any, a login's claims give."""

from collections.abc import Collection, Mapping
from typing import Any

from dashboard.accounts.roles import Role

EMAIL = "email"


def values_of(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """Return the texts that a claim holds: one, or a list of them; none where it is missing, empty or something else.

    `realm_access.roles` is `roles` within `realm_access`, unless a claim is called by the whole name. An address counts once the provider
    says that it was verified: https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims
    """
    if name == EMAIL and claims.get("email_verified") is not True:
        return frozenset()
    value: Any = claims.get(name)
    if name not in claims:
        value = claims
        for step in name.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
    found = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(each.strip() for each in found if isinstance(each, str) and each.strip())


def role_for(
    values: Collection[str], *, viewers: Collection[str], deployers: Collection[str], admins: Collection[str]
) -> Role | None:
    """Return the highest role that one of the values has; None where none of them is listed."""
    listed = {Role.ADMIN: admins, Role.DEPLOYER: deployers, Role.VIEWER: viewers}
    return next((role for role, names in listed.items() if set(names) & set(values)), None)
