"""Notification preferences, and the browsers that may receive notifications."""

import binascii
from base64 import urlsafe_b64decode
from typing import ClassVar

from django import forms
from django.core.validators import URLValidator

from deployments.models import NotificationPreference, PushSubscription

POINT_BYTES, SECRET_BYTES, UNCOMPRESSED = 65, 16, 4
NOT_A_BROWSER = "This browser sent something other than a subscription. Reload the page, then turn it on."


class NotificationPreferenceForm(forms.ModelForm):
    class Meta:
        model = NotificationPreference
        fields = ("scope", "succeeded", "failed", "waiting", "starred")
        widgets: ClassVar = {"scope": forms.RadioSelect, "starred": forms.CheckboxSelectMultiple}


class BrowserForm(forms.ModelForm):
    """A subscription; its address is a public https one, which the sender checks again when it connects."""

    class Meta:
        model = PushSubscription
        fields = ("p256dh", "auth")

    endpoint = forms.CharField(
        max_length=1000,
        validators=[URLValidator(schemes=["https"], message=NOT_A_BROWSER)],
    )

    def clean_p256dh(self) -> str:
        text: str = self.cleaned_data["p256dh"]
        point = _bytes(text)
        if len(point) != POINT_BYTES or point[0] != UNCOMPRESSED:
            raise forms.ValidationError(NOT_A_BROWSER)
        return text

    def clean_auth(self) -> str:
        text: str = self.cleaned_data["auth"]
        if len(_bytes(text)) != SECRET_BYTES:
            raise forms.ValidationError(NOT_A_BROWSER)
        return text


def _bytes(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
