"""Where a request came from."""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from deployments.operations import audit


class AddressMiddleware:
    """While a request is answered, whatever is recorded in the audit carries its address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with audit.asked_from(address_of(request)):
            return self.get_response(request)


def address_of(request: HttpRequest) -> str | None:
    """Return the IP address that asked; None where it cannot be told.

    X-Forwarded-For is anybody's to write. Only the entries that our own proxies added, TRUSTED_PROXIES of them, are
    believed: the first of those is whom the outermost proxy saw.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    hops = [each.strip() for each in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    trusted = settings.TRUSTED_PROXIES
    if 0 < trusted <= len(hops):
        return _ip(hops[-trusted]) or _ip(peer)
    return _ip(peer)


def _ip(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None
