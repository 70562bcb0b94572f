"""The first admin of a fresh installation, created once by a person who can read the web server's log."""

import logging
from base64 import b32encode
from collections.abc import Callable
from functools import lru_cache
from secrets import compare_digest

from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.utils.crypto import salted_hmac

from deployments.locks import Lock, try_lock

log = logging.getLogger(__name__)
CODE_LENGTH = 12
"""Characters of 5 bits each."""
WAIT_SECONDS = 5


class UnableToWelcome(Exception):
    """Someone was first."""


def welcome_code() -> str:
    """Return the code, like `ABCD-EFGH-IJKL`: one for all processes, and another as soon as an account was made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value, is_called FROM auth_user_id_seq")
        state = cursor.fetchone()
    text = b32encode(salted_hmac("headway.welcome", repr(state), algorithm="sha256").digest()).decode()[
        :CODE_LENGTH
    ]
    return "-".join(text[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def is_right_code(given: str) -> bool:
    """Whether this is the code, written in any case, with or without its dashes."""
    plain = "".join(each for each in given.upper() if each.isalnum())
    return compare_digest(plain.encode(), welcome_code().replace("-", "").encode())


def announce() -> None:
    """Log where the first admin is made, and with which code, once for each process; nothing once there is someone."""
    try:
        if not User.objects.exists():
            log_code(welcome_code())
    except DatabaseError:
        log.debug("The database is not ready: the first request announces the welcome code.")


@lru_cache(maxsize=1)
def log_code(code: str) -> None:
    """Log the code, unless it was the last that this process has logged: anyone may open the page, and open it again."""
    log.warning("No accounts yet. Create the first one: %s/welcome/?code=%s", settings.PUBLIC_URL, code)


def make_first_admin(make: Callable[[], User]) -> User:
    """Return the first account, made an admin. Raises UnableToWelcome where there is someone already."""
    with try_lock(Lock.WELCOME, wait_seconds=WAIT_SECONDS) as alone, transaction.atomic():
        if not alone or User.objects.exists():
            raise UnableToWelcome
        user = make()
        user.is_staff = user.is_superuser = True
        user.save(update_fields=["is_staff", "is_superuser"])
        return user
