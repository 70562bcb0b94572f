"""Web Push (RFC 8030, 8291, 8292): the only package that calls browsers' push services."""

from deployments.clients.push.errors import (
    PushError,
    PushGone,
    PushRefused,
    PushTimedOut,
    PushUnavailable,
    SenderAtFault,
)
from deployments.clients.push.keys import (
    KeyPair,
    UnableToReadKey,
    UnableToSign,
    contact_of,
    fresh_key_pair,
    public_half,
    signer,
)
from deployments.clients.push.sender import Browser, Sender

__all__ = [
    "Browser",
    "KeyPair",
    "PushError",
    "PushGone",
    "PushRefused",
    "PushTimedOut",
    "PushUnavailable",
    "Sender",
    "SenderAtFault",
    "UnableToReadKey",
    "UnableToSign",
    "contact_of",
    "fresh_key_pair",
    "public_half",
    "signer",
]
