"""Answers for probes, given before anything that a probe cannot satisfy: a host name, HTTPS, a login."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from deployments.queries.migrations import missing_migrations


class HealthMiddleware:
    """`/healthz`: this process answers. `/readyz`: the database answers too, and has every migration (else 503)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.is_migrated = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return _plain("alive")
        if request.path == "/readyz":
            return self._readiness()
        return self.get_response(request)

    def _readiness(self) -> HttpResponse:
        try:
            # Connects, or checks the open connection with a query: CONN_HEALTH_CHECKS.
            connection.cursor().close()
            self.is_migrated = self.is_migrated or not missing_migrations()
        except DatabaseError:
            return _plain("The database does not answer.", status=503)
        if not self.is_migrated:
            return _plain("Migrations are missing. Run `manage.py migrate`.", status=503)
        return _plain("ready")


def _plain(text: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(
        f"{text}\n",
        content_type="text/plain; charset=utf-8",
        status=status,
        headers={"Cache-Control": "no-store"},
    )
