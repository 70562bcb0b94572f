"""Where mappings are edited."""

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from deployments.models import Site
from deployments.operations.rename import follow_renames
from deployments.operations.sync_request import request_sync
from deployments.queries import SiteRow, rows_of, site_list
from deployments.rules.site_state import State


class HostField(forms.CharField):
    """A host as people paste it: with https:// before it, a path behind it, or capitals in it."""

    def to_python(self, value: Any) -> str:
        text = (super().to_python(value) or "").strip()
        return (urlsplit(text).hostname or "" if "://" in text else text.rstrip("/")).lower()


class RepositoryField(forms.CharField):
    """A repository's name, or owner/name taken from whatever address of it people paste."""

    BEFORE_THE_OWNER = re.compile(r"^(\w+://[^/]+/|[\w.-]+@[\w.-]+:|(www\.)?github\.com/)", re.IGNORECASE)

    def to_python(self, value: Any) -> str:
        text = re.sub(r"[?#].*", "", (super().to_python(value) or "").strip())
        parts = self.BEFORE_THE_OWNER.sub("", text).strip("/").split("/")
        return "/".join(parts[:2]).removesuffix(".git")


class SiteForm(forms.ModelForm):
    class Meta:
        model = Site
        fields = (
            "host", "owner", "repository", "branch", "namespace", "deployment", "container", "image_template", "auto_deploy",
            "wait_for_ci", "minimum_interval_minutes",
        )  # fmt: skip
        field_classes = {"host": HostField, "repository": RepositoryField}
        help_texts = {
            "owner": "GitHub user or organisation. Empty: the one in the repository's address.",
            "repository": "Its name, or its whole address.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "owner" in self.fields:
            self.fields["owner"].required = False

    def clean(self) -> dict[str, Any]:
        """Take the owner out of the repository's address; two different owners are a mistake in one of them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        pasted, _, name = cleaned.get("repository", "").rpartition("/")
        owner = cleaned.get("owner", "")
        if pasted and owner and pasted.casefold() != owner.casefold():
            sentence = f"The repository belongs to {pasted}, and the owner says {owner}: correct one of them."
            self.add_error("repository", sentence)
        elif not (pasted or owner) and "owner" not in self.errors:
            self.add_error(
                "owner", "Write the user or organisation, or paste the repository's whole address."
            )
        elif name:
            cleaned |= {"repository": name, "owner": owner or pasted}
        return cleaned


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
    actions = ("sync", "follow_the_rename", "turn_auto_deploy_on", "turn_auto_deploy_off")
    fieldsets = (
        (None, {"fields": ("host",)}),
        ("Auto-deploy", {"fields": ("auto_deploy", "wait_for_ci", "minimum_interval_minutes")}),
        ("GitHub", {"fields": ("owner", "repository", "branch")}),
        ("Cluster", {"fields": ("namespace", "deployment", "container")}),
        ("Image", {"fields": ("image_template",)}),
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

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Let a mapping go with its history, which by itself cannot be deleted."""
        shown, counts, _, protected = super().get_deleted_objects(objs, request)
        return shown, counts, set(), protected

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

    @admin.action(description="Follow the rename on GitHub", permissions=["change"])
    def follow_the_rename(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        followed = follow_renames(queryset.select_related("observation"))
        if not followed:
            self.message_user(request, "GitHub knows these repositories by the names they have here.")
        for each in followed:
            self.message_user(
                request, f"Followed: {each.host} is {each.name_with_owner} now.", messages.SUCCESS
            )
            if each.image_repository != each.image_repository_before:
                warning = (
                    f"Images of {each.host} are expected in {each.image_repository} from now on, no longer in "
                    f"{each.image_repository_before}. Build them there, or name the old place in the image template."
                )
                self.message_user(request, warning, messages.WARNING)

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
