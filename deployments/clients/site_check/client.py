"""A visit to a site, over HTTPS and bounded in time and size.

Proxies and certificates are those of requests' ordinary environment (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE):
https://requests.readthedocs.io/en/latest/user/advanced/#proxies. Private addresses are legal: the site is its owner's own.
"""

import errno
import socket
import time
from dataclasses import dataclass
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from deployments.clients.deadline import TooLate, in_time, seconds_left, within
from deployments.clients.site_check.errors import (
    AnswerTooSlow,
    CertificateRefused,
    HostUnreachable,
    RedirectLoop,
    SiteCheckError,
    UnableToAsk,
)
from deployments.clients.timely_http import session

# An address of another family, or of a network that this one is kept from.
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class HostAnswer:
    """What a site answered behind redirects on the same host: `milliseconds` are those of the whole visit.

    `leads_to` is the address of another origin that the answer redirects to, which was not followed; else empty.
    """

    status: int
    milliseconds: int
    leads_to: str = ""


class _Nobody(AuthBase):
    """Sends no password; without it requests would send what a .netrc holds."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class SiteCheck:
    """Keeps nothing between two visits: threads may share it."""

    def get(self, host: str, *, path: str = "/", timeout_seconds: float = 10) -> HostAnswer:
        """GET https://host/path. Raises SiteCheckError within about `timeout_seconds`, counted over all redirects."""
        began = time.monotonic()
        url = f"https://{host}{path}"
        with session() as asking, within(timeout_seconds):
            asking.headers["User-Agent"] = "Headway"
            asking.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            _resolve(url)
            for _ in range(_MOST_REDIRECTS + 1):
                status, location = _get(asking, url, host, timeout_seconds)
                target = urljoin(url, location) if status in _REDIRECTS and location else ""
                if not target or not _is_same_origin(url, target):
                    return HostAnswer(status, round((time.monotonic() - began) * 1000), leads_to=target)
                url = target
        raise RedirectLoop(f"{host} redirects more than {_MOST_REDIRECTS} times. Correct its redirects.")


def _resolve(url: str) -> None:
    """Raise UnableToAsk where the host's name cannot be resolved here; with a proxy, that one resolves it."""
    if requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)):
        return
    parts = urlsplit(url)
    try:
        in_time(partial(socket.getaddrinfo, parts.hostname, parts.port or 443, type=socket.SOCK_STREAM))
    except (socket.gaierror, TooLate) as error:
        raise UnableToAsk(f"The worker cannot resolve the name {parts.hostname}.") from error
    except UnicodeError:
        # No name that DNS could know: requests says so below.
        return


def _get(asking: requests.Session, url: str, host: str, timeout_seconds: float) -> tuple[int, str]:
    """Return the status and where it redirects to; empty where it does not."""
    late = AnswerTooSlow(f"{host} did not answer within {timeout_seconds:g} seconds.")
    if not (left := seconds_left()):
        raise late
    try:
        with asking.get(url, timeout=left, auth=_Nobody(), allow_redirects=False, stream=True) as response:
            _read(response)
            return response.status_code, response.headers.get("Location", "")
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise late from error
    except (OSError, urllib3.exceptions.HTTPError, ValueError) as error:
        # A RequestException is an OSError, and so is a REQUESTS_CA_BUNDLE that is not there.
        raise _plain(error, host) from error


def _read(response: requests.Response) -> None:
    """Read the beginning of the body, which proves that the answer has one; what it says is the site's own affair."""
    left = _MOST_BYTES
    while left > 0 and (chunk := response.raw.read1(left)):
        left -= len(chunk)


def _plain(error: Exception, host: str) -> SiteCheckError:
    found = _causes(error)
    if isinstance(error, requests.exceptions.SSLError):
        return CertificateRefused(
            f"{host} shows a certificate that is not trusted. Renew it, or trust its authority here."
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return _by_the_proxy(found, host)
    if not isinstance(error, requests.exceptions.RequestException | urllib3.exceptions.HTTPError):
        return HostUnreachable(f"{host} cannot be asked: {error}")
    return _unable(found, host) or _broken_off(found, host)


def _unable(found: list[BaseException], host: str) -> UnableToAsk | None:
    """What says nothing of the site; None where it does."""
    if any(isinstance(each, urllib3.exceptions.NameResolutionError) for each in found):
        return UnableToAsk(f"The worker cannot resolve the name {host}.")
    if any(isinstance(each, OSError) and each.errno in _NO_ROUTE for each in found):
        return UnableToAsk(f"The worker's network has no route to {host}.")
    return None


def _broken_off(found: list[BaseException], host: str) -> HostUnreachable:
    if any("Connection refused" in repr(each) for each in found):
        return HostUnreachable(f"Nobody listens at {host}. Check its ingress.")
    return HostUnreachable(f"{host} broke off before its answer was whole.")


def _by_the_proxy(found: list[BaseException], host: str) -> SiteCheckError:
    if any(isinstance(each, urllib3.exceptions.NewConnectionError) for each in found):
        return UnableToAsk("The worker cannot reach its proxy. Check HTTPS_PROXY.")
    return HostUnreachable(f"The proxy does not lead to {host}. Check HTTPS_PROXY and NO_PROXY.")


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _is_same_origin(one: str, other: str) -> bool:
    before, after = urlsplit(one), urlsplit(other)
    return (before.scheme, before.hostname, before.port or 443) == (
        after.scheme,
        after.hostname,
        after.port or 443,
    )
