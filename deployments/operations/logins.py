"""Logins and failed logins: Django's own signals, into the audit log."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.utils import timezone

from deployments.models import AuditEvent
from deployments.operations import audit

NOBODY = "someone"


def listen() -> None:
    """Record every login from now on; calling it twice changes nothing."""
    user_logged_in.connect(_came_in, dispatch_uid="audit_login")
    user_login_failed.connect(_stayed_out, dispatch_uid="audit_login_failed")


def _came_in(*, user: User, **_: Any) -> None:
    audit.record(AuditEvent.Kind.LOGIN, "Logged in.", by=user, now=timezone.now())


def _stayed_out(*, credentials: dict[str, Any], **_: Any) -> None:
    """A name that no user has may be a password in the wrong field: it is not written down."""
    user = User.objects.filter(username=credentials.get("username") or "").first()
    audit.record(
        AuditEvent.Kind.LOGIN_FAILED,
        f"A login as {user.get_username()} failed." if user else "A login failed: there is no such user.",
        by_name=NOBODY,
        now=timezone.now(),
    )
