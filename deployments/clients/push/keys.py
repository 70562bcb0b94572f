"""VAPID keys: the worker signs with one, browsers subscribe with the other (RFC 8292)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


@dataclass(frozen=True)
class KeyPair:
    """Both base64url without padding: 32 bytes, and the 65 bytes of the uncompressed point."""

    private: str
    public: str


def fresh_key_pair() -> KeyPair:
    """Return a new pair on P-256, as browsers demand."""
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_numbers().private_value.to_bytes(32, "big")
    return KeyPair(private=_text(private), public=_public(key))


class UnableToReadKey(Exception):
    pass


def public_half(private: str) -> str:
    """The public key that belongs to a private one, read as pywebpush reads it: raw or DER, in base64url.

    Raises UnableToReadKey, which does not repeat it.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from py_vapid import Vapid

    try:
        return _public(Vapid.from_string(private).private_key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Without its cause, which may hold the key.
        raise UnableToReadKey("It is not a private key on P-256.") from None


class UnableToSign(Exception):
    """The sentence says what to set."""


def contact_of(subject: str) -> str:
    """The contact address as push services take it: https without port and path, or mailto."""
    subject = subject.strip()
    if subject.lower().startswith("https://"):
        return f"https://{urlsplit(subject).hostname or ''}"
    return subject if ":" in subject or "@" not in subject else f"mailto:{subject}"


def signer(*, private: str, subject: str) -> Any:
    """A py_vapid.Vapid that signs for `subject`, a contact. Raises UnableToSign, which does not repeat the key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from py_vapid import Vapid, VapidException

    try:
        vapid = Vapid.from_string(private)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Without its cause, which may hold the key.
        raise UnableToSign(
            "VAPID_PRIVATE_KEY cannot be read. Set a pair that `manage.py vapid` prints."
        ) from None
    try:
        vapid.sign({"sub": subject, "aud": "https://push.example.com"})
    except VapidException as error:
        message = f"VAPID_SUBJECT is “{subject}”, which cannot be signed. Set it to mailto:you@example.com."
        raise UnableToSign(message) from error
    return vapid


def _public(key: EllipticCurvePrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _text(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")
