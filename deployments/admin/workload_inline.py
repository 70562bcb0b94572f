"""A mapping's workloads, beside what was last found of each."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from deployments.mapping.found import workload_found
from deployments.mapping.workload_form import WorkloadForm, WorkloadFormSet
from deployments.models import MappedWorkload


class WorkloadInline(admin.StackedInline):
    """Permission to change a mapping includes its workloads: they have no separate permissions."""

    model = MappedWorkload
    form = WorkloadForm
    formset = WorkloadFormSet
    verbose_name_plural = "workloads, all of which get the same commit"
    fields = (("kind", "namespace", "name"), ("containers", "position"), "found")
    readonly_fields: ClassVar = ("found",)
    extra = 0
    min_num = 1

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, **kwargs, validate_min=True)

    def get_queryset(self, request: HttpRequest) -> QuerySet[MappedWorkload]:
        """Read along what was seen."""
        return super().get_queryset(request).select_related("site__observation", "site__mapping_check")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return any(request.user.has_perm(f"deployments.{each}_site") for each in ("view", "change", "add"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(f"deployments.{'change' if obj else 'add'}_site")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    @admin.display(description="Last check")
    def found(self, workload: MappedWorkload) -> str:
        return workload_found(workload) if workload.pk else "Checked within seconds of saving."
