"""VAPID keys: with one the worker signs, with the other browsers subscribe (RFC 8292)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
        raise UnableToReadKey("It is no private key on P-256.") from None


def _public(key: EllipticCurvePrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _text(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")
