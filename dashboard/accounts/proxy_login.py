"""Logging in by a header of an identity-aware proxy (oauth2-proxy, Pomerium, Cloudflare Access, IAP). Off by default."""

from collections.abc import Callable
from hmac import compare_digest
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

BY_PROXY = "by_proxy"
"""Session key: this session is valid only while the proxy says so."""


def is_switched_on() -> bool:
    """Whether all that it needs is given: the header's name, a proxy, and the secret that only the proxy knows.

    A network alone is no proof: every pod of it, and every proxy that passes headers on, could name anyone.
    """
    return bool(settings.TRUSTED_USER_HEADER and settings.TRUSTED_PROXIES and settings.TRUSTED_SECRET)


class ProxyLoginMiddleware:
    """Log in the person that the proxy names, where it proves to be the proxy and they have an account here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not is_switched_on():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.headers.get(settings.TRUSTED_USER_HEADER, "") if is_from_proxy(request) else ""
        known = request.user.get_username().lower() if request.user.is_authenticated else ""
        if request.session.get(BY_PROXY) and known != name.lower():
            logout(request)
            known = ""
        if name and known != name.lower():
            self._enter(request, name)
        return self.get_response(request)

    def _enter(self, request: HttpRequest, name: str) -> None:
        user = User.objects.filter(username__iexact=name, is_active=True).first()
        if user is not None:
            login(request, user, backend="dashboard.access.Backend")
            request.session[BY_PROXY] = True


def is_from_proxy(request: HttpRequest) -> bool:
    """Whether the shared secret matches, and the sender's network where those are given."""
    secret, networks = settings.TRUSTED_SECRET, settings.TRUSTED_NETWORKS
    given = request.headers.get(settings.TRUSTED_SECRET_HEADER, "")
    if not secret or not compare_digest(given.encode(), secret.encode()):
        return False
    return not networks or _is_within(request.META.get("REMOTE_ADDR", ""), networks)


def _is_within(address: str, networks: list[str]) -> bool:
    try:
        sender = ip_address(address)
    except ValueError:
        return False
    return any(sender in ip_network(network, strict=False) for network in networks)
