"""OpenID Connect as in django-allauth, with what the specification requires beyond that.

The ID token's signature, the nonce, the issuer, and that the token and the user info are about the same person:
https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

from functools import partial
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings

PROVIDER = "oidc"
"""Its id, in addresses and in SocialAccount."""
REFUSED = "invalid_client"
"""https://www.rfc-editor.org/rfc/rfc6749#section-5.2"""


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth is not typed
    _verifier = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        if str(config.get("issuer", "")).rstrip("/") != settings.OIDC_URL.rstrip("/"):
            raise OAuth2Error("The provider calls itself by another address than OIDC_URL.")
        return config

    def get_access_token_data(
        self, request: Any, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> Any:
        """Send the client's secret the other way where the first is refused.

        A provider lists all ways that it knows. Authelia takes from each client only the one that it was registered with, which no
        document says: https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
        """
        self._verifier = pkce_code_verifier or ""
        ask = partial(super().get_access_token_data, request, app, client, pkce_code_verifier)
        try:
            return ask()
        except OAuth2Error as error:
            if REFUSED not in str(error):
                raise
            client.basic_auth = not client.basic_auth
            return ask()

    def complete_login(self, *args: Any, response: dict[str, Any], **more: Any) -> SocialLogin:
        if not response.get("id_token"):
            raise OAuth2Error("The provider sends no ID token.")
        login = super().complete_login(*args, response=response, **more)
        data = login.account.extra_data
        subject = data["id_token"].get("sub")
        if not isinstance(subject, str) or not subject:
            raise OAuth2Error("The ID token is about nobody.")
        if data["userinfo"].get("sub") != subject:
            raise OAuth2Error("The user info is about another person than the ID token.")
        return login

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        """Check the signature as well: the way to the provider need not be TLS."""
        data: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        if not compare_digest(str(data.get("nonce", "")).encode(), _nonce(self._verifier).encode()):
            raise OAuth2Error("The ID token answers another login.")
        return data


class Provider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth is not typed
    oauth2_adapter_class = Adapter

    def get_pkce_params(self) -> dict[str, str]:
        """Send a nonce with PKCE's challenge: of the same secret, which the session keeps until the answer comes."""
        params: dict[str, str] = super().get_pkce_params()
        return params | {"nonce": _nonce(params["code_verifier"])}


def _nonce(verifier: str) -> str:
    return sha256(f"nonce:{verifier}".encode()).hexdigest()
