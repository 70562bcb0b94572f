"""Our hooks into django-allauth. Reference: https://docs.allauth.org/en/latest/account/adapter.html"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import user_login_failed
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from dashboard.accounts import encryption
from dashboard.accounts.passkey_origin import relying_party
from dashboard.accounts.reauthentication import was_checked_lately
from dashboard.addresses import address_of

PASSKEY, CODE, PASSWORD = "mfa_reauthenticate:webauthn", "mfa_reauthenticate", "reauthenticate"
WAYS = {PASSKEY: "Use a passkey", PASSWORD: "Use your password", CODE: "Use a code"}
SAID_BY_THE_NEXT_PAGE = {
    "account/messages/logged_in.txt",
    "account/messages/logged_out.txt",
    "mfa/messages/recovery_codes_generated.txt",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": "Too many failed logins. Wait five minutes, then try again.",
        "username_password_mismatch": "Wrong user name or password.",
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        """Count attempts by the address that the audit records, too."""
        return address_of(request) or "0.0.0.0"  # noqa: S104  means: unknown

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count by the account, however its name is written and under whatever host and port the page was opened."""
        name = str(credentials.get("username", ""))
        # As the login finds it: in any case, by the database's own rules.
        found = User.objects.filter(username__iexact=name).order_by("pk").values_list("pk", flat=True).first()
        return f"account:{found}" if found else f"name:{name.lower()}"

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Of an account that another service made, ask what let it in at a login by password or passkey, too."""
        turned_away: HttpResponse | None = super().pre_login(request, user, **kwargs)
        is_by_service = "sociallogin" in (kwargs.get("signal_kwargs") or {})
        if turned_away or is_by_service or not settings.SOCIALACCOUNT_PROVIDERS:
            return turned_away
        from dashboard.accounts.social_login import refusal_for

        if not (refusal := refusal_for(user)):
            return None
        user_login_failed.send(__name__, credentials={"username": user.get_username()}, request=request)
        messages.error(request, refusal)
        return redirect("account_login")

    def is_safe_url(self, url: str) -> bool:
        """Treat an invalid URL (`https://[::1`) as one that leads nowhere."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Let a login count as a check, too."""
        return not was_checked_lately(self.request)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Return the ways to confirm one's identity, the quickest on a phone first."""
        ways = super().get_reauthentication_methods(user)
        order = list(WAYS)
        return [
            way | {"description": WAYS[way["id"]]}
            for way in sorted(ways, key=lambda way: order.index(way["id"]))
        ]

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Say nothing where the next page says it itself: that one has logged in or out, and the new codes."""
        template = args[0] if args else kwargs.get("message_template") or ""
        if template not in SAID_BY_THE_NEXT_PAGE:
            super().add_message(request, level, *args, **kwargs)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth is not typed
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That did not work. Try again, or use another method.",
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Bind passkeys to the host of PUBLIC_URL, whatever Host header a request carries."""
        return {"id": relying_party(), "name": self._get_site_name()}

    def _get_site_name(self) -> str:
        return "Headway"

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002  allauth's own name
        count = user.authenticator_set.filter(type=type).count()  # type: ignore[attr-defined]  # allauth's
        return f"Passkey {count + 1}" if count else "My passkey"
