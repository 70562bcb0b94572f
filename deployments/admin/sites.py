"""Where mappings are edited."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from deployments.admin.workload_inline import WorkloadInline
from deployments.mapping.check import findings_in, is_problem, wait_for_answer
from deployments.mapping.found import mapping_found
from deployments.mapping.save import save_forms
from deployments.mapping.site_form import GROUPS, SUGGESTED, SiteForm
from deployments.models import Site
from deployments.operations.sites.rename import follow_renames
from deployments.operations.sites.save import (
    delete_mapping,
    turn_auto_deploy,
    turn_host_check,
)
from deployments.operations.sync.request import request_sync
from deployments.queries import SiteRow, rows_of, site_list
from deployments.rules.labels import STATES
from deployments.rules.site_state import State
from deployments.rules.targets import format_references
from deployments.rules.wording import counted, short


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, STATES[state]) for state in State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        if not self.value():
            return queryset
        found = site_list(now=timezone.now(), state=self.value() or "")
        return queryset.filter(pk__in=[row.site.pk for row in found.rows])


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin):
    form = SiteForm
    list_display = ("name", "state", "running", "head", "slug", "workload", "auto_deploy")
    list_filter = (StateFilter, "auto_deploy", "check_enabled", "workloads__namespace", "owner")
    search_fields = ("name", "host", "tags", "owner", "repository", "workloads__name", "workloads__namespace")
    inlines = (WorkloadInline,)
    readonly_fields = ("found",)
    list_per_page = 100
    actions = (
        "sync",
        "follow_the_rename",
        "turn_auto_deploy_on",
        "turn_auto_deploy_off",
        "turn_host_check_on",
        "turn_host_check_off",
    )
    fieldsets: ClassVar[list[Any]] = [
        (None, {"fields": ("name", "host", "tags", "found")}),
        *((title, {"fields": names}) for title, names in GROUPS),
    ]

    class Media:
        js = ("dashboard/mapping_check.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        """Read each site's workloads along."""
        return Site.objects.with_workloads()

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Join each row with its answer. Runs two SQL queries for the page."""
        changelist = super().get_changelist_instance(request)
        rows = {row.site.pk: row for row in rows_of(changelist.result_list, now=timezone.now())}
        sites = list(changelist.result_list)
        for site in sites:
            site.row = rows[site.pk]
        changelist.result_list = sites
        return changelist

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Fill in what a drifted site's page suggests; nothing is saved before someone says so."""
        form = super().get_form(request, obj, change, **kwargs)
        asked = request.GET if request.method == "GET" else {}
        suggested = {name: asked[name] for name in SUGGESTED if asked.get(name)}
        return type(form.__name__, (form,), {"suggested": suggested}) if suggested else form

    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:
        """Leave it to save_related: a mapping is saved together with its workloads."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        (workloads,) = formsets
        # Writes nothing, and gives the admin's own log what has changed.
        workloads.save(commit=False)
        request.saved_mapping = save_forms(  # type: ignore[attr-defined]  # for changeform_view
            form=form, workloads=workloads, is_new=not change, by=_staff(request), now=timezone.now()
        )

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Wait shortly for a worker's answer about what was saved: once it is committed, since no worker sees it before."""
        response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        site: Site | None = getattr(request, "saved_mapping", None)
        return response if site is None else self._with_answer(request, response, site)

    def _with_answer(self, request: HttpRequest, response: HttpResponse, site: Site) -> HttpResponse:
        """Say what the worker found; where something is not there, the form is shown again, saved, with a sentence beside each field."""
        check = wait_for_answer(site.pk, now=timezone.now())
        if check is None:
            page = reverse("admin:deployments_site_change", args=[site.pk])
            message = 'A worker checks the mapping now. <a href="{}">See what it finds</a>'
            self.message_user(request, format_html(message, page))
            return response
        problems = sum(map(is_problem, findings_in(check)))
        if not problems:
            self.message_user(
                request, "Checked: the repository, branch, workloads and image are there.", messages.SUCCESS
            )
            return response
        message = f"Saved. The check found {counted(problems, 'problem')}. Each is beside its field."
        self.message_user(request, message, messages.WARNING)
        return redirect("admin:deployments_site_change", site.pk)

    def delete_model(self, request: HttpRequest, obj: Site) -> None:
        delete_mapping(site=obj, by=_staff(request), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        for site in queryset:
            delete_mapping(site=site, by=_staff(request), now=timezone.now())

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Delete a mapping with its history, which cannot be deleted alone, and which is counted instead of listed."""
        shown, counts, _, protected = super().get_deleted_objects(objs, request)
        return [each for each in shown if not isinstance(each, list)], counts, set(), protected

    @admin.display(description="Last check")
    def found(self, site: Site) -> str:
        return mapping_found(site) if site.pk else "Checked within seconds of saving."

    @admin.display(description="State")
    def state(self, site: Site) -> str:
        return STATES[_row(site).answer.state]

    @admin.display(description="Running")
    def running(self, site: Site) -> str:
        return short(_row(site).running_sha) or "-"

    @admin.display(description="Head")
    def head(self, site: Site) -> str:
        head = _row(site).head
        return f"{head.short} {head.headline[:60]}" if head else "-"

    @admin.display(description="Repository")
    def slug(self, site: Site) -> str:
        return f"{site.owner}/{site.repository}" + (f"@{site.branch}" if site.branch else "")

    @admin.display(description="Workloads")
    def workload(self, site: Site) -> str:
        return format_references(_row(site).site.references) or "-"

    @admin.action(description="Sync the selected sites now", permissions=["change"])
    def sync(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        names = list(queryset.values_list("name", flat=True))
        request_sync(names=names, by=_staff(request), now=timezone.now())
        self.message_user(request, f"Sync of {_counted(len(names))} started.", messages.SUCCESS)

    @admin.action(description="Follow the rename on GitHub", permissions=["change"])
    def follow_the_rename(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        followed = follow_renames(
            queryset.select_related("observation"), by=_staff(request), now=timezone.now()
        )
        if not followed:
            self.message_user(request, "GitHub has these repositories under the same names.")
        for each in followed:
            self.message_user(
                request, f"Followed: {each.name} is {each.name_with_owner} now.", messages.SUCCESS
            )
            if each.image_repository != each.image_repository_before:
                warning = (
                    f"Images of {each.name} are expected in {each.image_repository} from now on, no longer in "
                    f"{each.image_repository_before}. Build them there, or name the old place in the image template."
                )
                self.message_user(request, warning, messages.WARNING)

    @admin.action(description="Turn auto-deploy on", permissions=["change"])
    def turn_auto_deploy_on(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        self._turn(request, queryset, on=True)

    @admin.action(description="Turn auto-deploy off", permissions=["change"])
    def turn_auto_deploy_off(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        self._turn(request, queryset, on=False)

    @admin.action(description="Turn the health check on", permissions=["change"])
    def turn_host_check_on(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        self._turn(request, queryset, on=True, turn=turn_host_check, called="The health check")

    @admin.action(description="Turn the health check off", permissions=["change"])
    def turn_host_check_off(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        self._turn(request, queryset, on=False, turn=turn_host_check, called="The health check")

    def _turn(
        self,
        request: HttpRequest,
        queryset: QuerySet[Site],
        *,
        on: bool,
        turn: Callable[..., int] = turn_auto_deploy,
        called: str = "Auto-deploy",
    ) -> None:
        changed = turn(sites=list(queryset), on=on, by=_staff(request), now=timezone.now())
        message = f"{called} turned {'on' if on else 'off'} for {_counted(changed)}."
        self.message_user(request, message, messages.SUCCESS)


def _staff(request: HttpRequest) -> User:
    """Return who is at work: the admin lets nobody else in."""
    return cast("User", request.user)


def _row(site: Site) -> SiteRow:
    row: SiteRow = site.row  # type: ignore[attr-defined]  # joined by get_changelist_instance
    return row


def _counted(number: int) -> str:
    return "1 site" if number == 1 else f"{number} sites"
