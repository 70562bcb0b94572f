"""What people send, read and checked. Their sentences say what to do."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django import forms

from deployments.models import Hold
from deployments.models.fields import FULL_SHA, FULL_SHA_OR_EMPTY

RELOAD = "This page was out of date. Look again, then tap once more."


class DeployForm(forms.Form):
    """One wish: the commit, what was seen running, and the key of the page it was tapped on."""

    sha = forms.RegexField(FULL_SHA, error_messages={"required": RELOAD, "invalid": RELOAD})
    seen = forms.RegexField(FULL_SHA_OR_EMPTY, required=False, error_messages={"invalid": RELOAD})
    key = forms.UUIDField(required=False, error_messages={"invalid": RELOAD})
    accept_red = forms.BooleanField(required=False)

    def wish_key(self, host: str) -> UUID | None:
        """Return one key for each site and commit of a page: a page carries a single key, whatever its length."""
        page: UUID | None = self.cleaned_data["key"]
        return uuid5(page, f"{host} {self.cleaned_data['sha']}") if page else None


class HoldForm(forms.Form):
    """A Hold's reason, what it stands on, and for how long."""

    LENGTHS = (
        ("", "until somebody resumes"),
        ("1", "for an hour"),
        ("4", "for 4 hours"),
        ("24", "for a day"),
        ("168", "for a week"),
    )

    reason = forms.CharField(
        max_length=Hold._meta.get_field("reason").max_length,  # noqa: SLF001  Django's documented Meta API
        error_messages={"required": "Say why: whoever finds the Hold will want to know."},
    )
    hours = forms.TypedChoiceField(choices=LENGTHS, coerce=int, empty_value=None, required=False)
    sha = forms.RegexField(FULL_SHA_OR_EMPTY, required=False, error_messages={"invalid": RELOAD})

    def until(self, now: datetime) -> datetime | None:
        """When the Hold ends; None: when somebody resumes."""
        hours: int | None = self.cleaned_data["hours"]
        return now + timedelta(hours=hours) if hours else None


def first_error(form: forms.Form) -> str:
    """Return the first sentence of what is wrong with a form that is not valid."""
    errors: Any = form.errors.values()
    return str(next(iter(errors))[0])
