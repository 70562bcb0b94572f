"""The first start's form: one app per row, each with editable fields, and all sent together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.http import QueryDict

from deployments.form_fields import HostField, RepositoryField
from deployments.models.fields import DNS_LABEL, whole
from deployments.operations.first_start.apps import FoundApp
from deployments.operations.first_start.save import Choice

MOST_NAMESPACES = 50
SHOWN_AT_ONCE = 100
"""Apps; Django refuses a form of more than 1000 fields."""
NO_OWNER = "Write the repository as owner/name."


class AppForm(forms.Form):
    """What of a found app may be corrected."""

    add = forms.BooleanField(required=False)
    name = forms.CharField(required=False, max_length=253)
    host = HostField(required=False, max_length=253, label="Host (empty: no website)")
    repository = RepositoryField(max_length=140, label="GitHub repository")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "host", "repository"):
            self.fields[name].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}

    def clean_repository(self) -> str:
        slug: str = self.cleaned_data["repository"]
        if self.data.get(self.add_prefix("add")) and "/" not in slug:
            raise forms.ValidationError(NO_OWNER)
        return slug


class SearchForm(forms.Form):
    words = forms.CharField(
        required=False,
        max_length=100,
        label="Only with these words",
        help_text="Parts of a workload's, an image's or a host's name. Empty: everything.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    namespaces = forms.CharField(
        required=False,
        max_length=2000,
        help_text="Separated by commas. Empty: the worker's NAMESPACES and those of today's sites, else default.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_namespaces(self) -> list[str]:
        names = list(dict.fromkeys(self.cleaned_data["namespaces"].replace(",", " ").split()))
        check = forms.RegexField(whole(DNS_LABEL))
        if len(names) > MOST_NAMESPACES:
            raise forms.ValidationError(f"Search at most {MOST_NAMESPACES} namespaces at once.")
        for name in names:
            try:
                check.clean(name)
            except forms.ValidationError as error:
                raise forms.ValidationError(f"“{name}” is not a namespace's name.") from error
        return names


@dataclass(frozen=True)
class AppRow:
    app: FoundApp
    form: AppForm
    problem: str = ""
    """Why it could not be added."""


def proposed(apps: Iterable[FoundApp]) -> list[AppRow]:
    """Each with what was found of it; those without a problem are ticked."""
    return [
        AppRow(
            each,
            AppForm(
                prefix=each.key,
                initial={
                    "add": not each.problems,
                    "name": "" if each.name == each.host else each.name,
                    "host": each.host,
                    "repository": each.slug,
                },
            ),
        )
        for each in apps
    ]


def page_of(apps: Sequence[FoundApp], number: str) -> Page[FoundApp]:
    """Return as many as a form can hold; the nearest page there is where `number` names none."""
    return Paginator(apps, SHOWN_AT_ONCE).get_page(number)


def has_pages(apps: Sequence[FoundApp]) -> bool:
    """Whether one page does not show them all."""
    return len(apps) > SHOWN_AT_ONCE


def sent(apps: Iterable[FoundApp], data: QueryDict, refused: Mapping[str, str]) -> list[AppRow]:
    """Those of one page as someone has sent them, with why one was refused."""
    rows = []
    for each in apps:
        if f"{each.key}-repository" not in data:
            continue
        form = AppForm(data, prefix=each.key)
        form.is_valid()
        rows.append(AppRow(each, form, refused.get(each.key, "")))
    return rows


def choices_in(rows: Sequence[AppRow]) -> list[Choice]:
    """What was ticked and can be read."""
    return [_choice(row) for row in rows if not row.form.errors and row.form.cleaned_data["add"]]


def is_left(row: AppRow) -> bool:
    """Whether it was ticked, and could not be added."""
    return bool(row.problem or (row.form.errors and row.form.data.get(row.form.add_prefix("add"))))


def _choice(row: AppRow) -> Choice:
    values = row.form.cleaned_data
    owner, _, repository = values["repository"].partition("/")
    name = values["name"].strip().lower() or values["host"]
    return Choice(key=row.app.key, name=name, host=values["host"], owner=owner, repository=repository)
