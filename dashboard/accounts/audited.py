"""Who changed which account, and which ways of logging in: into the audit log, which no process of ours can change."""

from typing import Any

from allauth.account.signals import password_changed, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.models import User
from django.utils import timezone

from dashboard.accounts.roles import role_of
from deployments.models import AuditEvent
from deployments.operations import audit

FACTORS = {
    Authenticator.Type.WEBAUTHN.value: "a passkey",
    Authenticator.Type.TOTP.value: "an authenticator app",
    Authenticator.Type.RECOVERY_CODES.value: "recovery codes",
}


def connect() -> None:
    """Record from now on when people change their ways of logging in."""
    for signal, did in ((password_set, "Set a first"), (password_changed, "Changed the")):
        signal.connect(_recording(f"{did} password."), weak=False, dispatch_uid=f"audit-{did}")
    for signal, did in (
        (authenticator_added, "Added"),
        (authenticator_removed, "Removed"),
        (authenticator_reset, "Renewed"),
    ):
        signal.connect(_recording(did), weak=False, dispatch_uid=f"audit-factor-{did}")


def _recording(did: str) -> Any:
    def recorded(*, user: User, authenticator: Authenticator | None = None, **_: Any) -> None:
        note(f"{did} {FACTORS[authenticator.type]}." if authenticator else did, by=user)

    return recorded


def note(message: str, *, by: User) -> None:
    audit.record(AuditEvent.Kind.ACCOUNT, message, by=by, now=timezone.now())


def described(user: User) -> str:
    """Return what the account may do now."""
    return f"{user.get_username()} ({role_of(user).value}{'' if user.is_active else ', inactive'})"
