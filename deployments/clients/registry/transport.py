"""One HTTP exchange with a registry or its token server, redirects included."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin

import requests
import urllib3
from requests.auth import AuthBase

from deployments.clients.deadline import within
from deployments.clients.registry.addresses import NO_HOSTS, host_of, is_safe, is_same_origin
from deployments.clients.registry.errors import RegistryUnavailable
from deployments.clients.timely_http import session

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5
_MOST_BYTES = 4 * 1024 * 1024  # as much as registries have to take for a manifest (OCI distribution-spec)
_CONNECTIONS_PER_HOST = 16
# OpenSSL's reasons where the first bytes of an answer are not TLS', but HTTP's; which one depends on its version.
_NOT_TLS = (
    "wrong version number",
    "wrong_version_number",
    "record layer failure",
    "record_layer_failure",
    "http request",
)


@dataclass(frozen=True)
class Question:
    method: str
    url: str
    accept: str = "application/json"
    authorization: str = field(default="", repr=False)

    def moved_to(self, url: str) -> "Question":
        """The same question elsewhere; credentials stay with the host that they are for."""
        keeps = is_same_origin(self.url, url)
        return replace(self, url=url, authorization=self.authorization if keeps else "")


@dataclass(frozen=True)
class Reply:
    """`headers` are found in any case; `body` is empty after HEAD; `url` is where it came from, behind redirects."""

    url: str
    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class _Authorization(AuthBase):
    """Sends what it was given or nothing; without it requests would send what a .netrc holds."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value:
            request.headers["Authorization"] = self._value
        return request


class Transport:
    """Connections kept alive and shared by threads: nothing in the session changes once it is made, cookies included."""

    def __init__(self, timeout_seconds: float, *, plain_http: frozenset[str] = NO_HOSTS) -> None:
        self.plain_http = plain_http
        self._timeout_seconds = timeout_seconds
        self._session = session(connections_per_host=_CONNECTIONS_PER_HOST)
        self._session.headers["User-Agent"] = "headway"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def close(self) -> None:
        self._session.close()

    def ask(self, question: Question) -> Reply:
        """The answer behind up to five redirects, in time with them. Raises RegistryUnavailable."""
        first = question
        with within(self._timeout_seconds):
            for _ in range(_MOST_REDIRECTS + 1):
                reply = self._exchange(question, is_first=question is first)
                location = reply.headers.get("Location")
                if reply.status not in _REDIRECTS or not location:
                    return reply
                question = question.moved_to(_follow(question.url, location, self.plain_http))
        raise RegistryUnavailable(
            f"{host_of(first.url)} redirects in a loop. Check the registry's own settings."
        )

    def _exchange(self, question: Question, *, is_first: bool) -> Reply:
        try:
            with self._session.request(
                question.method,
                question.url,
                headers={"Accept": question.accept},
                auth=_Authorization(question.authorization),
                timeout=self._timeout_seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                return Reply(
                    question.url,
                    response.status_code,
                    response.reason or "",
                    response.headers,
                    _read(response),
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            # An address that we were redirected to may be signed, and the cause would spell it out.
            raise RegistryUnavailable(self._message_for(error, question)) from (error if is_first else None)

    def _message_for(self, error: Exception, question: Question) -> str:
        host = host_of(question.url)
        if isinstance(error, requests.exceptions.SSLError):
            return f"{host} {_tls_problem(error)}"
        if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
            return f"{host} did not answer within {self._timeout_seconds:g} seconds: it is asked again at the next sync."
        return (
            f"{host} cannot be reached. Check its name and the network; it is asked again at the next sync."
        )


def _tls_problem(error: BaseException) -> str:
    """What OpenSSL gives as its reason, as a person may fix it."""
    text = str(error).lower()
    if any(reason in text for reason in _NOT_TLS):
        return (
            "speaks plain HTTP where TLS was expected. Put TLS before it, or add it to INSECURE_REGISTRIES."
        )
    if "certificate has expired" in text:
        return "shows a certificate that has expired. Renew it there."
    if "certificate verify failed" in text:
        return "shows a certificate that is not trusted. Renew it there, or trust its authority here."
    return "breaks off the TLS handshake. Check which TLS versions it supports, and what is in between."


def _follow(url: str, location: str, plain_http: frozenset[str]) -> str:
    try:
        target = urljoin(url, location)
    except ValueError:
        target = ""
    if not is_safe(target, plain_http):
        raise RegistryUnavailable(
            f"{host_of(url)} redirects to an address without HTTPS, where nothing is asked. Correct the registry's own settings."
        )
    return target


def _read(response: requests.Response) -> bytes:
    body = b""
    while chunk := response.raw.read1(64 * 1024, decode_content=True):
        body += chunk
        if len(body) > _MOST_BYTES:
            raise RegistryUnavailable(
                f"{host_of(response.url)} sent more than 4 MiB where a manifest was expected. Check that it is a registry."
            )
    return body
