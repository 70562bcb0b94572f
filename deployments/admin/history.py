"""Deploys, Holds and sync runs: what happened."""

from django.contrib import admin

from deployments.admin.readonly import ReadOnly
from deployments.models import AuditEvent, Deploy, Hold, SyncRun
from deployments.rules.wording import short


class ReadOnlyHistory(ReadOnly):
    """Show blanks instead of dashes."""

    empty_value_display = ""


@admin.register(Deploy)
class DeployAdmin(ReadOnlyHistory, admin.ModelAdmin):
    list_display = ("site", "short_sha", "status", "requested_by_name", "requested_at", "message")
    list_filter = ("status", "trigger")
    search_fields = ("site__name", "sha", "requested_by_name", "headline")
    list_select_related = ("site",)
    date_hierarchy = "requested_at"

    @admin.display(description="Commit")
    def short_sha(self, deploy: Deploy) -> str:
        return short(deploy.sha)


@admin.register(Hold)
class HoldAdmin(ReadOnlyHistory, admin.ModelAdmin):
    list_display = (
        "reason",
        "site",
        "sha",
        "placed_by_name",
        "placed_at",
        "until",
        "resumed_at",
        "resumed_by_name",
    )
    search_fields = ("reason", "site__name", "placed_by_name")
    list_select_related = ("site",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyHistory, admin.ModelAdmin):
    list_display = ("at", "actor_name", "kind", "host", "message", "address")
    list_filter = ("kind",)
    search_fields = ("host", "actor_name", "message")
    date_hierarchy = "at"
    actions = None


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyHistory, admin.ModelAdmin):
    list_display = (
        "started_at",
        "result",
        "trigger",
        "sites",
        "changed",
        "with_problems",
        "requested",
        "message",
    )
    list_filter = ("result", "is_full")
    date_hierarchy = "started_at"
