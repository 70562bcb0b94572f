"""People's secrets as they are in the database: TOTP secrets, seeds of recovery codes, GitHub's tokens.

The key comes from SECRET_KEY, and from each of SECRET_KEY_FALLBACKS for what was encrypted before a rotation. A dump of the
database alone gives none of them away.
"""

from base64 import b32encode, urlsafe_b64encode
from logging import getLogger
from secrets import token_bytes
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

log = getLogger(__name__)
SALT = "headway.people.encryption"
MARK = "fernet:"
"""What encrypted values begin with; others were written before there was encryption."""


def encrypt(text: str) -> str:
    return MARK + _ciphers().encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """Return the secret; of a value that none of our keys opens, a random one that nobody knows, so that no code fits."""
    if not stored.startswith(MARK):
        return stored
    try:
        return _ciphers().decrypt(stored.removeprefix(MARK)).decode()
    except InvalidToken:
        log.error(  # noqa: TRY400  the trace says nothing
            "A person's secret cannot be decrypted. Add the SECRET_KEY before this one to SECRET_KEY_FALLBACKS."
        )
        return b32encode(token_bytes(20)).decode()


def opened(stored: str) -> str:
    """Return the secret; nothing where none of our keys opens it, or nothing is stored."""
    try:
        return _ciphers().decrypt(stored.removeprefix(MARK)).decode() if stored else ""
    except InvalidToken:
        return ""


def encrypted_anew(stored: str) -> str:
    """Return the value encrypted with today's key; as it is where it is so already, or none of our keys opens it."""
    if not stored.startswith(MARK):
        return encrypt(stored)
    token = stored.removeprefix(MARK)
    try:
        _cipher(settings.SECRET_KEY).decrypt(token)
    except InvalidToken:
        return _rotated(token)
    return stored


def encrypt_data(data: dict[str, Any]) -> dict[str, Any]:
    """Return what an allauth Authenticator keeps, its secrets encrypted with today's key."""
    changed: dict[str, Any] = {
        name: encrypted_anew(data[name]) for name in ("secret", "seed") if name in data
    }
    if codes := data.get("migrated_codes"):
        changed["migrated_codes"] = [encrypted_anew(code) for code in codes]
    return data | changed


def _rotated(token: str) -> str:
    try:
        return MARK + _ciphers().rotate(token).decode()
    except InvalidToken:
        return MARK + token


def _ciphers() -> MultiFernet:
    return MultiFernet([_cipher(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _cipher(key: str) -> Fernet:
    derived = salted_hmac(SALT, "fernet", secret=key, algorithm="sha256").digest()
    return Fernet(urlsafe_b64encode(derived))
