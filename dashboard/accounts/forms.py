"""Forms about one's own account."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import SetPasswordForm as AllauthSetPasswordForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from allauth.mfa.webauthn.internal.auth import parse_authentication_response, parse_registration_response
from django import forms
from django.conf import settings
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import User
from django.db import DatabaseError

from dashboard.accounts.passkey_origin import is_ours
from dashboard.accounts.roles import MEANINGS, Role
from dashboard.accounts.welcome import is_right_code

logger = logging.getLogger(__name__)
NAME_IS_TAKEN = "Someone has this name already. Choose another one."
WHAT_IT_NEEDS = "At least 8 characters; common passwords are rejected."


class LoginForm(AllauthLoginForm):  # type: ignore[misc]  # allauth is not typed
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label = "Name"
        # `webauthn` lets the browser offer a passkey where the name is typed.
        login.widget.attrs = {
            "autocomplete": "username webauthn",
            "autocapitalize": "none",
            "spellcheck": "false",
        }
        password.help_text = ""
        password.widget.attrs = {"autocomplete": "current-password"}


class SetPasswordForm(AllauthSetPasswordForm):  # type: ignore[misc]  # allauth is not typed
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word_passwords(self.fields)


class ChangePasswordForm(AllauthChangePasswordForm):  # type: ignore[misc]  # allauth is not typed
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Current password"
        _word_passwords(self.fields)


def _word_passwords(fields: dict[str, forms.Field]) -> None:
    """Say about two fields for a new password what there is to say, once."""
    fields["password1"].label, fields["password1"].help_text = "New password", WHAT_IT_NEEDS
    fields["password2"].label, fields["password2"].help_text = "New password again", ""


def _check_origin(client_data: Any) -> None:
    if not is_ours(client_data.origin):
        raise forms.ValidationError(f"Passkeys work at {settings.PUBLIC_URL} alone. Open Headway there.")


class CredentialField(forms.JSONField):
    """A passkey's JSON, from anyone: nested deeper than Python parses, it is invalid."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> str:
        """Never send one back: the browser makes another."""
        return ""

    def prepare_value(self, value: Any) -> str:
        return ""


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth is not typed
    """Each key is a passkey: it is enough to log in, so the device always verifies its owner."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"] = CredentialField()
        del self.fields["passwordless"]

    def clean_credential(self) -> Any:
        credential = self.cleaned_data["credential"]
        with _junk_is_a_wrong_code():
            _check_origin(parse_registration_response(credential).response.client_data)
        return credential

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["passwordless"] = True
        with _junk_is_a_wrong_code():
            return dict(super().clean())


class _AtOurOrigin:
    """Of a passkey's answer, accept only one that was given to our own page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields: dict[str, forms.Field]
        self.fields["credential"] = CredentialField()

    def clean_credential(self) -> Any:
        with _junk_is_a_wrong_code():
            answer = parse_authentication_response(self.cleaned_data["credential"])  # type: ignore[attr-defined]  # a form's
            _check_origin(answer.response.client_data)
            return super().clean_credential()  # type: ignore[misc]  # allauth's forms below have it


class PasskeyLoginForm(_AtOurOrigin, LoginWebAuthnForm):  # type: ignore[misc]  # allauth is not typed
    pass


class PasskeyCodeForm(_AtOurOrigin, AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth is not typed
    pass


class PasskeyCheckForm(_AtOurOrigin, ReauthenticateWebAuthnForm):  # type: ignore[misc]  # allauth is not typed
    pass


@contextmanager
def _junk_is_a_wrong_code() -> Iterator[None]:
    """Take whatever fido2 and its CBOR stumble over, in JSON that anyone may send, as a wrong credential."""
    try:
        yield
    except (forms.ValidationError, DatabaseError):
        raise
    except Exception as error:
        logger.info("A passkey's JSON could not be read: %r", error)
        raise get_adapter().validation_error("incorrect_code") from error


class RoleField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        choices = [(role.value, meaning) for role, meaning in MEANINGS.items()]
        super().__init__(choices=choices, initial=Role.VIEWER.value, **kwargs)


class InvitationForm(forms.ModelForm):
    """The invited person's name and role. A name that differs from another only in case is taken."""

    role = RoleField()

    class Meta:
        model = User
        fields = ("username",)
        labels = {"username": "Name"}
        help_texts = {"username": ""}
        widgets = {
            "username": forms.TextInput(
                attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
            )
        }

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(NAME_IS_TAKEN)
        return name


class WelcomeForm(BaseUserCreationForm):
    """The first admin: a person who can read the web server's log."""

    code = forms.CharField(
        max_length=40,
        help_text="You'll find it in the web server's log.",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    field_order = ("code", "username", "password1", "password2")

    class Meta(BaseUserCreationForm.Meta):
        model = User
        fields = ("username",)
        labels = {"username": "Name"}
        help_texts = {"username": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = WHAT_IT_NEEDS
        self.fields["password2"].help_text = ""
        self.fields["password2"].label = "Password again"

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if not is_right_code(code):
            raise forms.ValidationError("This is not the code in the web server's log. Check its last lines.")
        return code
