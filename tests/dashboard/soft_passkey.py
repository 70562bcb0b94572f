"""A passkey without a device: it signs whatever challenge and origin it is given (W3C, Web Authentication, level 2)."""

import json
from hashlib import sha256
from secrets import token_bytes

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

PRESENT_AND_VERIFIED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class SoftPasskey:
    def __init__(self, rp_id: str) -> None:
        self._key, self.id = ec.generate_private_key(ec.SECP256R1()), token_bytes(16)
        self._rp_id_hash = sha256(rp_id.encode()).digest()

    def register(self, challenge: str, *, origin: str) -> str:
        """Return the answer to a page that adds a passkey, as its script sends it."""
        public = ES256.from_cryptography_key(self._key.public_key())
        credential = AttestedCredentialData.create(Aaguid.NONE, self.id, public)
        flags = PRESENT_AND_VERIFIED | AuthenticatorData.FLAG.AT
        data = AuthenticatorData.create(self._rp_id_hash, flags, 0, credential)
        attestation = AttestationObject.create("none", data, {})
        return self._sent(
            CollectedClientData.create(CollectedClientData.TYPE.CREATE, challenge, origin),
            {"attestationObject": websafe_encode(attestation)},
        )

    def log_in(self, challenge: str, *, origin: str, user_handle: str) -> str:
        """Return the answer to a page that asks for a passkey."""
        client_data = CollectedClientData.create(CollectedClientData.TYPE.GET, challenge, origin)
        data = AuthenticatorData.create(self._rp_id_hash, PRESENT_AND_VERIFIED, 0)
        signature = self._key.sign(data + client_data.hash, ec.ECDSA(SHA256()))
        return self._sent(
            client_data,
            {
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": user_handle,
            },
        )

    def _sent(self, client_data: CollectedClientData, more: dict[str, str]) -> str:
        response = {"clientDataJSON": websafe_encode(client_data), **more}
        return json.dumps(
            {
                "id": websafe_encode(self.id),
                "rawId": websafe_encode(self.id),
                "type": "public-key",
                "response": response,
                "clientExtensionResults": {"credProps": {"rk": True}},
            }
        )
