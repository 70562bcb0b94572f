"""A mapping's form on a page of our own: the admin's fields and rules, in the order in which people fill them in."""

from typing import Any

from django.forms import BoundField, inlineformset_factory
from django.http import HttpRequest, QueryDict
from django.utils.safestring import SafeString

from deployments.mapping.found import workload_found
from deployments.mapping.site_form import SUGGESTED, SiteForm
from deployments.mapping.workload_form import WorkloadForm, WorkloadFormSet
from deployments.models import MappedWorkload, Site

FIRST = ("repository", "owner", "name", "host")
PREFIX = "workloads"
ADD_ROW = "add-workload"


class FoundWorkloadForm(WorkloadForm):
    """A workload's row, beside what was last found of it."""

    def found(self) -> SafeString | str:
        return workload_found(self.instance) if self.instance.pk else ""


Workloads = inlineformset_factory(
    Site,
    MappedWorkload,
    form=FoundWorkloadForm,
    formset=WorkloadFormSet,
    extra=0,
    min_num=1,
    validate_min=True,
)


class MappingForms:
    """Both forms of a mapping: the site's fields and its workloads."""

    def __init__(self, request: HttpRequest, site: Site) -> None:
        self.is_new = site.pk is None
        self.adds_row = ADD_ROW in request.POST
        data = request.POST if request.method == "POST" else None
        self.site = SiteForm(data, instance=site)
        self.suggested = {name: request.GET[name] for name in SUGGESTED if request.GET.get(name)}
        if data is None:
            self.site.initial.update(self.suggested)
        self._is_site_valid = self.site.is_valid()
        self.workloads = _workloads(data, site)
        if data is not None and self.adds_row:
            self.workloads = _workloads(_with_another_row(data, self.workloads.total_form_count()), site)

    def is_valid(self) -> bool:
        """Whether both can be saved; asks both, so that every mistake is shown at once."""
        return self.workloads.is_valid() and self._is_site_valid and not self.adds_row

    def first(self) -> list[BoundField]:
        return [self.site[name] for name in FIRST]

    def rest(self) -> list[BoundField]:
        return [field for field in self.site.visible_fields() if field.name not in FIRST]

    def is_rest_open(self) -> bool:
        """Open where something in it needs attention, or was filled in by a suggestion."""
        return bool(self.suggested) or any(field.errors for field in self.rest())


def _workloads(data: QueryDict | None, site: Site) -> Any:
    rows = MappedWorkload.objects.select_related("site__observation", "site__mapping_check")
    return Workloads(data, instance=site, queryset=rows, prefix=PREFIX)


def _with_another_row(data: QueryDict, rows: int) -> QueryDict:
    more = data.copy()
    more[f"{PREFIX}-TOTAL_FORMS"] = str(rows + 1)
    more[f"{PREFIX}-{rows}-kind"] = "Deployment"
    more[f"{PREFIX}-{rows}-position"] = str(rows)
    return more
