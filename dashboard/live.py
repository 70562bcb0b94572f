"""Fragments that refresh themselves, for next to nothing while nothing changes.

A version has two halves, `change_token.content`. The pulse is one cheap statement, compared before anything else is read; where it has
moved, the content's own half still answers 304 if what is shown is the same.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from hashlib import blake2b
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from dashboard.access import may_deploy
from dashboard.timezones import now_for
from deployments import queries
from deployments.queries import SystemStatus

P = ParamSpec("P")
_FOR_PAGES_ONLY = (
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
)


def is_fragment_asked(request: HttpRequest) -> bool:
    """Whether htmx wants the part that changes; going back in the history needs the whole page."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def kept_fresh(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Answer 304 before the view reads anything, where the fragment that somebody has is of this very pulse."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if is_fragment_asked(request) and request.method in {"GET", "HEAD"}:
            known, now = known_version(request), now_for(request)
            if known.partition(".")[0] == _change_token(request, queries.read_row_versions(now=now), now=now):
                return unchanged(known)
        return view(request, *args, **kwargs)

    return guarded


def version_of(request: HttpRequest, shown: object, *, system_status: SystemStatus, now: datetime) -> str:
    """Return the version of a fragment that shows this; `shown` needs a repr that changes when it does.

    `system_status` was read before what is shown: what changed in between is found by the next look.
    """
    content = blake2b(
        repr((shown, system_status, system_status.holds, _viewer(request))).encode(), digest_size=9
    ).hexdigest()
    return f"{_change_token(request, system_status.row_versions, now=now)}.{content}"


def known_version(request: HttpRequest) -> str:
    """Return the version that the page has; empty where it sends none."""
    return request.headers.get("If-None-Match", "").removeprefix("W/").strip('"')


def is_known(request: HttpRequest, version: str) -> bool:
    """Whether the page already shows this content, whatever the pulse was then."""
    return known_version(request).rpartition(".")[2] == version.rpartition(".")[2]


def unchanged(version: str) -> HttpResponse:
    """304, telling the version, whose pulse may be a newer one than the page's."""
    return labelled(HttpResponseNotModified(), version)


def labelled(response: HttpResponse, version: str = "") -> HttpResponse:
    """Let a page or a fragment be kept by this one browser only, and asked for again each time."""
    if version:
        response["ETag"] = f'"{version}"'
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["HX-Request"])
    return response


def lean_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Take from an answer without a body the headers that only concern a page: they outweighed all the rest."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code in {204, 304}:
            for name in _FOR_PAGES_ONLY:
                response.headers.pop(name, None)
        return response

    return middleware


def _change_token(request: HttpRequest, row_versions: str, *, now: datetime) -> str:
    return queries.change_token(row_versions, now=now, viewer=_viewer(request))


def _viewer(request: HttpRequest) -> tuple[object, ...]:
    return (request.user.pk, may_deploy(request.user), str(now_for(request).tzinfo), request.get_full_path())
