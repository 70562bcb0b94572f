"""What people send, read and checked. Their sentences say what to do."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid5

from django import forms

from dashboard import timezones
from deployments.models import Hold
from deployments.models.batch import MOST_AT_ONCE
from deployments.models.fields import DNS_NAME, FULL_SHA, FULL_SHA_OR_EMPTY, whole
from deployments.operations.deploys.batch import BatchEntry
from deployments.operations.deploys.deploy_request import WhenReady
from deployments.operations.sites.automation import SWITCHES

_LABEL = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
RELOAD = "This page was out of date. Reload it and try again."


class DeployForm(forms.Form):
    """One request: the commit, what was seen running, and the key of the page it was tapped on."""

    sha = forms.RegexField(whole(FULL_SHA), error_messages={"required": RELOAD, "invalid": RELOAD})
    seen = forms.RegexField(whole(FULL_SHA_OR_EMPTY), required=False, error_messages={"invalid": RELOAD})
    key = forms.UUIDField(required=False, error_messages={"invalid": RELOAD})
    accept_red = forms.BooleanField(required=False)
    accept_foreign_image = forms.CharField(required=False, max_length=1000)
    when_ready = forms.BooleanField(required=False)
    follow = forms.ChoiceField(choices=(("this", "this"), ("newest", "newest")), required=False)
    wait_for_ci = forms.BooleanField(required=False)

    def readiness(self) -> WhenReady | None:
        """Return what the Deploy may wait for; None where it is to begin at once."""
        if not self.cleaned_data["when_ready"]:
            return None
        return WhenReady(
            follow_head=self.cleaned_data["follow"] == "newest",
            wait_for_ci=self.cleaned_data["wait_for_ci"],
        )

    def request_key(self, name: str) -> UUID | None:
        """Return one key for each site and commit of a page: a page carries a single key, whatever its length."""
        page: UUID | None = self.cleaned_data["key"]
        return uuid5(page, f"{name} {self.cleaned_data['sha']}") if page else None


class TapForm(forms.Form):
    """A request without a commit: what was seen running, and the key of the page it was tapped on."""

    seen = forms.RegexField(whole(FULL_SHA_OR_EMPTY), required=False, error_messages={"invalid": RELOAD})
    key = forms.UUIDField(required=False, error_messages={"invalid": RELOAD})


class BatchForm(forms.Form):
    """Several requests: `item` once for each, as `name sha seen`."""

    key = forms.UUIDField(error_messages={"required": RELOAD, "invalid": RELOAD})
    at_once = forms.TypedChoiceField(
        choices=[(number, number) for number in range(1, MOST_AT_ONCE + 1)],
        coerce=int,
        required=False,
        error_messages={"invalid_choice": RELOAD},
    )

    def entries(self, items: Sequence[str]) -> list[BatchEntry]:
        """Return them in the order in which they were sent."""
        parts = [[*item.split(), "", "", ""] for item in items]
        return [BatchEntry(name, sha, seen[:40]) for name, sha, seen, *_ in parts]


class HoldForm(forms.Form):
    """A Hold's reason, what it is on, and for how long."""

    ENDS: ClassVar[dict[str, Callable[[datetime], datetime]]] = {
        "hour": lambda now: now + timedelta(hours=1),
        "evening": timezones.this_evening,
        "tomorrow": timezones.tomorrow_morning,
        "monday": timezones.monday_morning,
    }
    CHOICES = (
        ("", "until resumed"),
        ("hour", "for an hour"),
        ("evening", "until this evening, 18:00"),
        ("tomorrow", "until tomorrow, 9:00"),
        ("monday", "until Monday, 9:00"),
        ("at", "until a time that I choose"),
    )

    reason = forms.CharField(
        max_length=Hold._meta.get_field("reason").max_length,  # noqa: SLF001  Django's documented Meta API
        error_messages={"required": "Enter a reason, so that others know why."},
    )
    ends = forms.ChoiceField(choices=CHOICES, required=False)
    at = forms.DateTimeField(
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        error_messages={"invalid": "Choose the date and time at which the hold ends."},
    )
    zone = forms.CharField(max_length=64, required=False)
    sha = forms.RegexField(whole(FULL_SHA_OR_EMPTY), required=False, error_messages={"invalid": RELOAD})

    def clean(self) -> dict[str, Any]:
        if (
            self.cleaned_data.get("ends") == "at"
            and not self.cleaned_data.get("at")
            and "at" not in self.errors
        ):
            self.add_error("at", "Choose the date and time at which the hold ends.")
        return self.cleaned_data

    def until(self, now: datetime) -> datetime | None:
        """When the Hold ends, as clocks show it where the page was read; None: when someone resumes."""
        ends, zone = self.cleaned_data["ends"], timezones.timezone_named(self.cleaned_data["zone"])
        if ends == "at":
            at: datetime = self.cleaned_data["at"]
            return at.replace(tzinfo=zone)
        return self.ENDS[ends](now.astimezone(zone)) if ends else None


class LogForm(forms.Form):
    """Whose log to read: a pod's, and there a container's, or of the one that says most where none is named."""

    pod = forms.RegexField(
        whole(DNS_NAME), max_length=253, error_messages={"required": RELOAD, "invalid": RELOAD}
    )
    namespace = forms.RegexField(whole(_LABEL), required=False, error_messages={"invalid": RELOAD})
    container = forms.RegexField(whole(_LABEL), required=False, error_messages={"invalid": RELOAD})
    previous = forms.BooleanField(required=False)


class SwitchForm(forms.Form):
    """Which switch of a site to turn, and how: `auto_deploy on`."""

    CHOICES: ClassVar = [
        (f"{name} {state}", called) for name, called in SWITCHES.items() for state in ("on", "off")
    ]

    switch = forms.ChoiceField(choices=CHOICES, error_messages={"required": RELOAD, "invalid_choice": RELOAD})


class HookTokenForm(forms.Form):
    """The name of the sender with a new token."""

    name = forms.CharField(max_length=60, error_messages={"required": "Say who uses it."})


def first_error(form: forms.BaseForm) -> str:
    """Return the first sentence of what is wrong with a form that is not valid."""
    errors: Any = form.errors.values()
    return str(next(iter(errors))[0])
