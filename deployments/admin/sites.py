"""Where mappings are edited."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from deployments.models import Site
from deployments.operations.sync_request import request_sync
from deployments.queries import SiteRow, rows_of, site_list
from deployments.rules.site_state import State


class HostField(forms.CharField):
    """A host as people paste it: with https:// before it, a path behind it, or capitals in it."""

    def to_python(self, value: Any) -> str:
        text = (super().to_python(value) or "").strip()
        return (urlsplit(text).hostname or "" if "://" in text else text.rstrip("/")).lower()


class RepositoryField(forms.CharField):
    """A repository's name, or its whole address or owner/name: the last part counts."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").strip().rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")


class SiteForm(forms.ModelForm):
    class Meta:
        model = Site
        fields = (
            "host", "owner", "repository", "branch", "namespace", "deployment", "container", "image_template", "auto_deploy",
            "check_enabled", "check_path", "check_status", "check_timeout_seconds",
        )  # fmt: skip
        field_classes = {"host": HostField, "repository": RepositoryField}


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.value) for state in State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        if not self.value():
            return queryset
        found = site_list(now=timezone.now(), state=self.value() or "")
        return queryset.filter(pk__in=[row.site.pk for row in found.rows])


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin):
    form = SiteForm
    list_display = ("host", "state", "running", "head", "slug", "workload", "auto_deploy")
    list_filter = (StateFilter, "auto_deploy", "namespace", "owner")
    search_fields = ("host", "owner", "repository", "deployment", "namespace")
    list_per_page = 100
    actions = ("sync", "turn_auto_deploy_on", "turn_auto_deploy_off")
    save_on_top = True
    fieldsets = (
        (None, {"fields": ("host", "auto_deploy")}),
        ("GitHub", {"fields": ("owner", "repository", "branch")}),
        ("Cluster", {"fields": ("namespace", "deployment", "container")}),
        ("Image", {"fields": ("image_template",)}),
        (
            "The host's answer",
            {"fields": ("check_enabled", "check_path", "check_status", "check_timeout_seconds")},
        ),
    )

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Join each row with its answer: two statements for the page."""
        changelist = super().get_changelist_instance(request)
        rows = {row.site.pk: row for row in rows_of(changelist.result_list, now=timezone.now())}
        sites = list(changelist.result_list)
        for site in sites:
            site.row = rows[site.pk]
        changelist.result_list = sites
        return changelist

    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        request_sync(hosts=[obj.host], trigger="mapping")

    @admin.display(description="State")
    def state(self, site: Site) -> str:
        return str(_row(site).answer.state.value)

    @admin.display(description="Running")
    def running(self, site: Site) -> str:
        return _row(site).running_sha[:7] or "-"

    @admin.display(description="Head")
    def head(self, site: Site) -> str:
        head = _row(site).head
        return f"{head.short} {head.headline[:60]}" if head else "-"

    @admin.display(description="Repository")
    def slug(self, site: Site) -> str:
        return f"{site.owner}/{site.repository}" + (f"@{site.branch}" if site.branch else "")

    @admin.display(description="Container")
    def workload(self, site: Site) -> str:
        return f"{site.namespace}/{site.deployment}/{site.container}"

    @admin.action(description="Sync the selected sites now", permissions=["change"])
    def sync(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        hosts = list(queryset.values_list("host", flat=True))
        request_sync(hosts=hosts)
        self.message_user(request, f"A worker looks at {_counted(len(hosts))} now.", messages.SUCCESS)

    @admin.action(description="Turn auto-deploy on", permissions=["change"])
    def turn_auto_deploy_on(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        self._turn(request, queryset, on=True)

    @admin.action(description="Turn auto-deploy off", permissions=["change"])
    def turn_auto_deploy_off(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        self._turn(request, queryset, on=False)

    def _turn(self, request: HttpRequest, queryset: QuerySet[Site], *, on: bool) -> None:
        changed = queryset.exclude(auto_deploy=on).update(auto_deploy=on)
        self.message_user(
            request,
            f"Auto-deploy is now {'on' if on else 'off'} for {_counted(changed)} more.",
            messages.SUCCESS,
        )


def _row(site: Site) -> SiteRow:
    row: SiteRow = site.row  # type: ignore[attr-defined]  # joined by get_changelist_instance
    return row


def _counted(number: int) -> str:
    return "1 site" if number == 1 else f"{number} sites"
