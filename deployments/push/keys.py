"""VAPID keys: with one the worker signs, with the other browsers subscribe (RFC 8292)."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True)
class KeyPair:
    """Both base64url without padding: 32 bytes, and the 65 bytes of the uncompressed point."""

    private: str
    public: str


def fresh_key_pair() -> KeyPair:
    """Return a new pair on P-256, as browsers demand."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_numbers().private_value.to_bytes(32, "big")
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return KeyPair(private=_text(private), public=_text(public))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")
