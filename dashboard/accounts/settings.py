"""django-allauth's settings, none of them from the environment. Sign-up is closed,
and no e-mail is sent.

Reference: https://docs.allauth.org/en/latest/account/configuration.html and .../mfa/configuration.html
"""

from typing import Any

APPS = ["allauth", "allauth.account", "allauth.mfa", "allauth.usersessions"]
SOCIAL_APP = "allauth.socialaccount"
GITHUB_APP, OIDC_APP = f"{SOCIAL_APP}.providers.github", f"{SOCIAL_APP}.providers.openid_connect"

AUTHENTICATION_BACKENDS = ["dashboard.access.Backend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "sites"
LOGOUT_REDIRECT_URL = "account_login"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

ACCOUNT_ADAPTER = "dashboard.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
"""Seconds for which a login, a passkey or a password counts before a risky tap."""
ACCOUNT_FORMS = {
    "login": "dashboard.accounts.forms.LoginForm",
    "set_password": "dashboard.accounts.forms.SetPasswordForm",
    "change_password": "dashboard.accounts.forms.ChangePasswordForm",
}

PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600
"""Seconds for which the link of an invitation is valid. No other page sends links."""

MFA_ADAPTER = "dashboard.accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "add_webauthn": "dashboard.accounts.forms.AddPasskeyForm",
    "login_webauthn": "dashboard.accounts.forms.PasskeyLoginForm",
    "authenticate_webauthn": "dashboard.accounts.forms.PasskeyCodeForm",
    "reauthenticate_webauthn": "dashboard.accounts.forms.PasskeyCheckForm",
}

SOCIALACCOUNT_ADAPTER = "dashboard.accounts.social_login.SocialAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_QUERY_EMAIL = False

# Attempts are counted where all web processes see them.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "dashboard.json_cache.JsonDatabaseCache",
        "LOCATION": "headway_cache",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    },
}


def github_provider(*, client_id: str, secret: str, url: str, allowed: list[str]) -> dict[str, Any]:
    """Return SOCIALACCOUNT_PROVIDERS; membership of an organisation is read only where the allow-list names one."""
    scope = ["read:user", *(["read:org"] if any(each.startswith("org/") for each in allowed) else [])]
    github: dict[str, Any] = {
        "APPS": [{"client_id": client_id, "secret": secret}],
        "SCOPE": scope,
        "OAUTH_PKCE_ENABLED": True,
    }
    if url.rstrip("/") != "https://github.com":
        github["GITHUB_URL"] = url.rstrip("/")
    return {"github": github} if client_id else {}


def oidc_provider(*, client_id: str, secret: str, url: str, name: str, scopes: list[str]) -> dict[str, Any]:
    """Return what SOCIALACCOUNT_PROVIDERS has for OpenID Connect; nothing where no client is named."""
    app = {
        "provider_id": "oidc",
        "name": name,
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": url.rstrip("/"), "scope": scopes, "oauth_pkce_enabled": True},
    }
    return (
        {"openid_connect": {"APPS": [app], "provider_class": "dashboard.accounts.oidc_provider.Provider"}}
        if client_id
        else {}
    )


def social_apps(*, github: bool, oidc: bool) -> list[str]:
    """Return the apps behind the enabled logins; empty where none is enabled, and so no tables either."""
    providers = [app for app, is_on in ((GITHUB_APP, github), (OIDC_APP, oidc)) if is_on]
    return [SOCIAL_APP, *providers] if providers else []
