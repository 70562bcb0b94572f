from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin_apps
from django.core.management import call_command
from django.db.models.signals import post_migrate


class AdminConfig(admin_apps.AdminConfig):
    default_site = "dashboard.people.admin_site.HeadwayAdminSite"


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        from dashboard.people import checks, recent_check  # noqa: F401  checks register themselves
        from dashboard.people.roles import ensure_roles

        recent_check.connect()
        # The last of ours to be migrated: all permissions are there by then.
        deployments = apps.get_app_config("deployments")
        post_migrate.connect(ensure_roles, sender=deployments)
        post_migrate.connect(_ensure_cache_table, sender=deployments)


def _ensure_cache_table(using: str, **_: object) -> None:
    call_command("createcachetable", database=using, verbosity=0)
