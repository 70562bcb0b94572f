"""Where a request came from."""

import logging
import re
from collections.abc import Callable
from ipaddress import ip_address
from math import inf
from time import monotonic

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from deployments.operations import audit
from deployments.operations.doctor.request import note_untrusted_proxy

logger = logging.getLogger(__name__)
NOTED_EVERY_SECONDS = 3600
_WITH_PORT = re.compile(r"^(?:\[([^]]*)\]|([0-9.]+))(?::[0-9]{1,5})?\Z")


class AddressMiddleware:
    """While a request is answered, whatever is recorded in the audit carries its address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._noted_at = -inf

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.TRUSTED_PROXIES and "HTTP_X_FORWARDED_FOR" in request.META:
            self._note_untrusted_proxy()
        with audit.asked_from(address_of(request)):
            return self.get_response(request)

    def _note_untrusted_proxy(self) -> None:
        """Once an hour and process, for the doctor's page; a request never fails by it."""
        if monotonic() - self._noted_at < NOTED_EVERY_SECONDS:
            return
        self._noted_at = monotonic()
        try:
            note_untrusted_proxy(now=timezone.now())
        except DatabaseError as error:
            logger.warning(
                "X-Forwarded-For arrives and TRUSTED_PROXIES is 0; this could not be noted: %s", error
            )


def address_of(request: HttpRequest) -> str | None:
    """Return the client's IP address; None where it is unknown.

    X-Forwarded-For is anyone's to write. Only the entries that our own proxies added, TRUSTED_PROXIES of them, are
    believed: the first of those is the client that the outermost proxy saw.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    hops = [each.strip() for each in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    trusted = settings.TRUSTED_PROXIES
    if 0 < trusted <= len(hops):
        return _ip(hops[-trusted]) or _ip(peer)
    return _ip(peer)


def _ip(text: str) -> str | None:
    """Read an address; some proxies add the port from which they were asked."""
    bare = _WITH_PORT.sub(r"\1\2", text)
    try:
        return str(ip_address(bare))
    except ValueError:
        return None
