"""Encrypt what is in the database in the clear, or under an older SECRET_KEY: each time the web server starts."""

from allauth.mfa.models import Authenticator
from django.db import DatabaseError, transaction

from dashboard.accounts.encryption import encrypt_data, log

KINDS = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


def encrypt_stored() -> int:
    """Return how many rows were changed. Safe to run twice, and at once in several processes."""
    try:
        return sum(
            _encrypt(pk) for pk in Authenticator.objects.filter(type__in=KINDS).values_list("pk", flat=True)
        )
    except DatabaseError:
        log.debug("The database is not ready: secrets are encrypted at the next start.")
        return 0


@transaction.atomic
def _encrypt(pk: int) -> bool:
    # Locked: a recovery code that is used at this moment must stay used.
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if row is None or (data := encrypt_data(row.data)) == row.data:
        return False
    row.data = data
    row.save(update_fields=["data"])
    return True
