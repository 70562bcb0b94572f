import json
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from dashboard.logs import Hide


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        if settings.SENTRY_DSN:
            report_errors(settings.SENTRY_DSN)


def report_errors(dsn: str) -> None:
    """Send what is logged as an error to Sentry, without bodies, cookies, addresses and names of people.

    Raises ImproperlyConfigured where its package is not installed: it is the extra `sentry`, and no part of the usual image.
    """
    try:
        import sentry_sdk
    except ImportError as error:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is not installed: build the image with --build-arg 'EXTRAS=--extra sentry', or unset it."
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
