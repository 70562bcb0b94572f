"""Every request has an id, and all its log lines carry it; the request itself is one line.

The id comes from the proxy in front (X-Request-ID) where that sends one, and goes back to who asked.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from time import monotonic
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

from dashboard import metrics
from dashboard.logs import without_token

logger = logging.getLogger(__name__)
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_PROBES = {"/healthz", "/readyz", "/metrics"}


class RequestLogMiddleware:
    """Requests to change something and refusals are logged at INFO; page views at DEBUG, since phones refresh every few seconds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _SANE_ID.fullmatch(given) else uuid4().hex
        clear_contextvars()
        bind_contextvars(request=request_id)
        start = monotonic()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        if request.path not in _PROBES:
            _note(request, response, seconds=monotonic() - start)
        return response

    def process_view(
        self, request: HttpRequest, _view: object, _args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """Bind the site or the Deploy that the address names."""
        if name := kwargs.get("name"):
            bind_contextvars(site=name)
        if request.path.startswith("/deploys/") and "pk" in kwargs:
            bind_contextvars(deploy=kwargs["pk"])


def _note(request: HttpRequest, response: HttpResponse, *, seconds: float) -> None:
    match = request.resolver_match
    metrics.count_request(
        method=request.method or "",
        view=match.view_name if match else "",
        status=response.status_code,
        seconds=seconds,
    )
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # Its exception has been logged, with the same id.
        return
    # Other handlers than our own log's take the record as it is, such as Sentry's.
    path = without_token(request.path)
    is_looking = request.method in {"GET", "HEAD"} and response.status_code < HTTPStatus.BAD_REQUEST
    logger.log(
        logging.DEBUG if is_looking else logging.INFO,
        "%s %s %s%s",
        request.method,
        path,
        response.status_code,
        # Why a hook was not let in: dashboard/hooks/doors.py.
        f": {refusal}" if (refusal := getattr(response, "refusal", "")) else "",
        # The path without its query: a search may hold anything.
        extra={
            "method": request.method,
            "path": path,
            "status": response.status_code,
            "seconds": round(seconds, 3),
        },
    )
