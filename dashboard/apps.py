import json
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.admin import apps as admin_apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db.models.signals import post_migrate

from dashboard.logs import Hide


class AdminConfig(admin_apps.SimpleAdminConfig):
    """The admin, which dashboard/urls.py fills."""

    default_site = "dashboard.accounts.admin_site.HeadwayAdminSite"


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        from dashboard.accounts import audited, checks, reauthentication, sessions  # noqa: F401  checks register themselves
        from dashboard.accounts.roles import ensure_roles

        reauthentication.connect()
        sessions.connect()
        audited.connect()
        # The last of ours to be migrated: all permissions are there by then.
        deployments = apps.get_app_config("deployments")
        post_migrate.connect(ensure_roles, sender=deployments)
        post_migrate.connect(_ensure_cache_table, sender=deployments)
        if settings.SENTRY_DSN:
            report_errors(settings.SENTRY_DSN)
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            from dashboard.tracing import send_traces

            send_traces(
                endpoint=settings.OTEL_EXPORTER_OTLP_ENDPOINT,
                headers=settings.OTEL_EXPORTER_OTLP_HEADERS,
                service_name=settings.OTEL_SERVICE_NAME,
                hide=Hide(settings.HIDDEN_SECRETS),
            )


def _ensure_cache_table(using: str, **_: object) -> None:
    call_command("createcachetable", database=using, verbosity=0)


def report_errors(dsn: str) -> None:
    """Send what is logged as an error to Sentry, without bodies, cookies, addresses and names of people.

    Raises ImproperlyConfigured where its package is not installed: it is the extra `sentry`, and no part of the usual image.
    """
    try:
        import sentry_sdk
    except ImportError as error:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is not installed. Build the image with --build-arg 'EXTRAS=--extra sentry', or unset it."
        ) from error
    hide = Hide(settings.HIDDEN_SECRETS)

    def without_secrets(event: Any, _hint: object) -> Any:
        return json.loads(hide.out_of(json.dumps(event, default=str)))

    sentry_sdk.init(
        dsn=dsn,
        before_send=without_secrets,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
    )
