"""All account URLs. Of django-allauth's pages only these are routed."""

from collections.abc import Callable

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.conf import settings
from django.contrib.auth.views import LogoutView
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache

from dashboard.access import login_needed, open_to_all, welcome_first
from dashboard.accounts.reauthentication import reauthentication_needed
from dashboard.views import accounts, invitations


def factor(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that adds, changes or shows a way of logging in."""
    return login_needed(reauthentication_needed(view))


urlpatterns = [
    path("welcome/", accounts.welcome, name="welcome"),
    path("login/", open_to_all(welcome_first(account.login)), name="account_login"),
    path("login/passkey", open_to_all(accounts.passkey_login), name="mfa_login_webauthn"),
    path("login/code", open_to_all(mfa.authenticate), name="mfa_authenticate"),
    path("login/inactive", open_to_all(account.account_inactive), name="account_inactive"),
    path("logout/", open_to_all(LogoutView.as_view()), name="account_logout"),
    path("account/", login_needed(mfa.index), name="mfa_index"),
    path("account/check/password", login_needed(account.reauthenticate), name="account_reauthenticate"),
    path("account/check/code", login_needed(mfa.reauthenticate), name="mfa_reauthenticate"),
    path(
        "account/check/passkey",
        login_needed(webauthn.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/password", login_needed(account.password_change), name="account_change_password"),
    path("account/password/first", factor(account.password_set), name="account_set_password"),
    path(
        "account/passkeys/",
        login_needed(accounts.to_account),
        name="mfa_list_webauthn",
    ),
    path("account/passkeys/add", factor(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/name", factor(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove", factor(webauthn.remove_webauthn), name="mfa_remove_webauthn"),
    path("account/codes/on", factor(totp.activate_totp), name="mfa_activate_totp"),
    path("account/codes/off", factor(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/recovery/", factor(recovery_codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "account/recovery/new",
        factor(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/recovery/file",
        factor(recovery_codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("invitations/", invitations.invite, name="invitations"),
    path("invitations/<int:pk>/renew", invitations.renew, name="renew-invitation"),
    path("invitations/<int:pk>/revoke", invitations.revoke, name="revoke-invitation"),
    path("invited/<str:token>", invitations.accept, name="accept-invitation"),
    path("account/sessions", login_needed(accounts.Sessions.as_view()), name="usersessions_list"),
    path("admin/login/", accounts.admin_login),
    path("admin/password_change/", login_needed(accounts.to_account)),
    path("admin/logout/", open_to_all(LogoutView.as_view())),
]

if settings.GITHUB_LOGIN_CLIENT_ID:
    from allauth.socialaccount.providers.github.views import oauth2_callback, oauth2_login

    from dashboard.accounts.social_login import or_unconfirmed

    urlpatterns += [
        path("login/github", open_to_all(or_unconfirmed(oauth2_login)), name="github_login"),
        path("login/github/callback", open_to_all(or_unconfirmed(oauth2_callback)), name="github_callback"),
    ]

if settings.OIDC_CLIENT_ID:
    from dashboard.accounts import oidc_login
    from dashboard.accounts.oidc_provider import PROVIDER

    # allauth asks for these names with the provider's id.
    urlpatterns += [
        path(
            "login/oidc",
            open_to_all(oidc_login.login),
            {"provider_id": PROVIDER},
            name="openid_connect_login",
        ),
        path(
            "login/oidc/callback",
            open_to_all(oidc_login.callback),
            {"provider_id": PROVIDER},
            name="openid_connect_callback",
        ),
    ]

if settings.SOCIALACCOUNT_PROVIDERS:
    urlpatterns += [path("login/cancelled", accounts.admin_login, name="socialaccount_login_cancelled")]

# They show secrets, or who someone is: no browser, proxy or service worker keeps them.
for pattern in urlpatterns:
    pattern.callback = never_cache(pattern.callback)
