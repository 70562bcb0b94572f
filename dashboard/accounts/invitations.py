"""An invitation: an account without a password, inactive until its link is opened, once.

No table keeps it. The link carries Django's PasswordResetTokenGenerator's token, which SECRET_KEY signs: a dump of the database opens
none. What it is signed over is the row's own mark in the column of the password, so that each change of that ends the link.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.crypto import get_random_string

from dashboard.accounts.roles import Role, give_role, role_of
from deployments.models import AuditEvent
from deployments.operations import audit

MARK = "!invited-by:"
"""What the password of an invited account begins with; Django takes none for usable that begins with `!`."""
ADD_USER = "auth.add_user"
_LARGEST_ROW = 2**31 - 1


class _Tokens(PasswordResetTokenGenerator):
    key_salt = "headway.invitation"

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self._at = now

    def _now(self) -> datetime:
        return self._at.astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Invitation:
    """An account that waits to be opened, and who invites to it."""

    user: User
    inviter: User

    @property
    def role(self) -> Role:
        return role_of(self.user)

    @property
    def expires_at(self) -> datetime:
        return self.user.date_joined + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


def may_invite(user: User | None) -> bool:
    """Whether this person is an administrator who may add users."""
    return bool(user and user.is_active and user.is_staff and user.has_perm(ADD_USER))


def invite(*, name: str, role: Role, by: User, now: datetime) -> tuple[Invitation, str]:
    """Make the account and return its link, which nothing shows a second time."""
    with transaction.atomic():
        user = User.objects.create(username=name, password=_new_mark(by), is_active=False, date_joined=now)
        give_role(user, role)
        audit.record(AuditEvent.Kind.ACCOUNT, f"Invited {name} as {role.value}.", by=by, now=now)
    return Invitation(user, by), _link(user, now=now)


def renew(*, user: User, by: User, now: datetime) -> tuple[Invitation, str]:
    """Return a new link; the previous one is no longer valid."""
    with transaction.atomic():
        user = _still_pending(user)
        user.password, user.date_joined = _new_mark(by), now
        user.save(update_fields=["password", "date_joined"])
        message = f"Made a new invitation link for {user.get_username()}, as {role_of(user).value}."
        audit.record(AuditEvent.Kind.ACCOUNT, message, by=by, now=now)
    return Invitation(user, by), _link(user, now=now)


def revoke(*, user: User, by: User, now: datetime) -> None:
    """Delete the account, and the link with it: neither was ever used."""
    with transaction.atomic():
        name = user.get_username()
        _still_pending(user).delete()
        audit.record(AuditEvent.Kind.ACCOUNT, f"Revoked the invitation of {name}.", by=by, now=now)


def pending() -> QuerySet[User]:
    """Invited accounts that nobody has opened yet."""
    return User.objects.filter(is_active=False, last_login=None, password__startswith=MARK)


def pending_invitations() -> list[Invitation]:
    """Every one, with the person who invited; the next to expire first."""
    users = list(pending().order_by("date_joined"))
    inviters = User.objects.in_bulk({_inviter_id(user) for user in users})
    return [Invitation(user, inviters.get(_inviter_id(user)) or User()) for user in users]


def find(token: str, *, now: datetime, lock: bool = False) -> Invitation | None:
    """Return what this link opens now; None whatever is wrong with it. An inviter who lost the right invites nobody."""
    number, _, signed = token.partition("-")
    is_number = number.isascii() and number.isdecimal() and len(number) <= len(str(_LARGEST_ROW))
    if not is_number or int(number) > _LARGEST_ROW:
        return None
    rows = pending().select_for_update() if lock else pending()
    user = rows.filter(pk=int(number)).first()
    if user is None or not _Tokens(now).check_token(user, signed):
        return None
    inviter = User.objects.filter(pk=_inviter_id(user)).first()
    return Invitation(user, inviter) if inviter and may_invite(inviter) else None


def open_account(token: str, *, now: datetime) -> User | None:
    """Activate the account, once; None where the link is no longer valid. Call it in a transaction that gives a way to log in, too."""
    invitation = find(token, now=now, lock=True)
    if invitation is None:
        return None
    user = invitation.user
    user.is_active = True
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    message = f"Accepted the invitation of {invitation.inviter.get_username()} as {invitation.role.value}."
    audit.record(AuditEvent.Kind.ACCOUNT, message, by=user, now=now)
    return user


def end_link(user: User) -> None:
    """Invalidate the link of an account that an administrator activates."""
    if user.password.startswith(MARK):
        user.set_unusable_password()


def _still_pending(user: User) -> User:
    """Lock the row; a person who opened the link meanwhile keeps the account. Raises User.DoesNotExist."""
    return pending().select_for_update().get(pk=user.pk)


def _new_mark(by: User) -> str:
    return f"{MARK}{by.pk}:{get_random_string(40)}"


def _inviter_id(user: User) -> int:
    number = user.password.removeprefix(MARK).partition(":")[0]
    return int(number) if number.isascii() and number.isdecimal() else 0


def _link(user: User, *, now: datetime) -> str:
    path = reverse("accept-invitation", args=[f"{user.pk}-{_Tokens(now).make_token(user)}"])
    return f"{settings.PUBLIC_URL}{path}"
