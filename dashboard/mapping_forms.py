"""A mapping's form on a page of our own: the admin's fields and rules, in the order in which people fill them in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm, BoundField, HiddenInput, TextInput, inlineformset_factory
from django.http import HttpRequest, QueryDict
from django.utils.safestring import SafeString

from deployments.mapping.check import findings_about, is_problem
from deployments.mapping.found import mapping_found, workload_found
from deployments.mapping.site_form import GROUPS, SHOWN_AGAIN, SUGGESTED, SiteForm
from deployments.mapping.workload_form import WorkloadForm, WorkloadFormSet
from deployments.models import MappedWorkload, Site

FIRST = ("repository", "owner", "name", "host")
PREFIX = "workloads"
ADD_ROW = "add-workload"
AS_TYPED = {"autocapitalize": "none", "autocomplete": "off", "autocorrect": "off", "spellcheck": "false"}
"""What keeps a phone from changing names while they are typed."""


@dataclass(frozen=True)
class Mistake:
    """A field that has to be corrected, and where on the page it is."""

    label: str
    target: str


@dataclass(frozen=True)
class Group:
    """Fields that belong together."""

    title: str
    """Empty where the first of them says it."""
    fields: list[BoundField]


class FoundWorkloadForm(WorkloadForm):
    """A workload's row, beside what was last found of it."""

    def found(self) -> SafeString | str:
        return workload_found(self.instance) if self.instance.pk else ""


class WorkloadRows(WorkloadFormSet):
    """The rows; one alone has no order, and cannot be removed."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if self.total_form_count() == 1:
            form.fields["position"].widget = HiddenInput()
            del form.fields["DELETE"]
        else:
            form.fields["position"].label = "Order"
            form.fields["DELETE"].label = "Remove this workload"
        _take_as_typed(form)


Workloads = inlineformset_factory(
    Site,
    MappedWorkload,
    form=FoundWorkloadForm,
    formset=WorkloadRows,
    extra=0,
    min_num=1,
    validate_min=True,
)


class MappingForms:
    """Both forms of a mapping: the site's fields and its workloads."""

    def __init__(self, request: HttpRequest, site: Site) -> None:
        self.is_new = site.pk is None
        self.adds_row = ADD_ROW in request.POST
        self.is_unsent = self.adds_row or SHOWN_AGAIN in request.POST
        """Shown with what was typed, which nobody has asked to save."""
        data = request.POST if request.method == "POST" else None
        self.site = SiteForm(data, instance=site)
        _take_as_typed(self.site)
        self.suggested = {name: request.GET[name] for name in SUGGESTED if request.GET.get(name)}
        if data is None:
            self.site.initial.update(self.suggested)
        # Before the workloads: whether two sites share a container depends on the site's images.
        self._is_site_valid = self.site.is_valid()
        self.workloads = _workloads(data, site)
        if data is not None and self.adds_row:
            self.workloads = _workloads(_with_another_row(data, self.workloads.total_form_count()), site)
        if self.is_unsent:
            self._forget_mistakes()

    def is_valid(self) -> bool:
        """Whether both can be saved; asks both, so that every mistake is shown at once."""
        return self.workloads.is_valid() and self._is_site_valid and not self.is_unsent

    def _forget_mistakes(self) -> None:
        """Who has not tried to save is not shown what is missing."""
        self.workloads.non_form_errors().clear()
        for form in (self.site, *self.workloads.forms):
            form.errors.clear()

    def first(self) -> list[BoundField]:
        return [self.site[name] for name in FIRST]

    def rest(self) -> list[Group]:
        """What is folded."""
        groups = ("", ("tags",)), *GROUPS
        return [
            Group(title, [self.site[each] for each in names if each not in FIRST]) for title, names in groups
        ]

    def is_rest_open(self) -> bool:
        """Open where something in it needs attention, or was filled in by a suggestion."""
        fields = (field for group in self.rest() for field in group.fields)
        return bool(self.suggested) or any(field.errors or self._is_wrong(field) for field in fields)

    def found(self) -> SafeString | str:
        """What was last found of the whole mapping; nothing of a new one."""
        return "" if self.is_new else mapping_found(self.site.instance)

    def mistakes(self) -> list[Mistake]:
        """The fields that have to be corrected, in the page's order."""
        return list(self._mistakes()) if self.site.is_bound else []

    def _mistakes(self) -> Iterator[Mistake]:
        yield from _mistakes_in(self.first())
        for number, row in enumerate(self.workloads.forms, start=1):
            yield from _mistakes_in(row.visible_fields(), before=f"Workload {number}: ")
        for group in self.rest():
            yield from _mistakes_in(group.fields, before=f"{group.title}: " if group.title else "")

    def _is_wrong(self, field: BoundField) -> bool:
        return any(map(is_problem, findings_about(self.site.instance, field.name)))


def _mistakes_in(fields: list[BoundField], *, before: str = "") -> Iterator[Mistake]:
    return (Mistake(f"{before}{each.label}", each.id_for_label) for each in fields if each.errors)


def _take_as_typed(form: BaseForm) -> None:
    for field in form.fields.values():
        if isinstance(field.widget, TextInput):
            field.widget.attrs.update(AS_TYPED)


def _workloads(data: QueryDict | None, site: Site) -> Any:
    rows = MappedWorkload.objects.select_related("site__observation", "site__mapping_check")
    return Workloads(data, instance=site, queryset=rows, prefix=PREFIX)


def _with_another_row(data: QueryDict, rows: int) -> QueryDict:
    more = data.copy()
    more[f"{PREFIX}-TOTAL_FORMS"] = str(rows + 1)
    more[f"{PREFIX}-{rows}-kind"] = "Deployment"
    more[f"{PREFIX}-{rows}-namespace"] = data.get(f"{PREFIX}-0-namespace", "default")
    more[f"{PREFIX}-{rows}-position"] = str(rows)
    return more
