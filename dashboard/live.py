"""Fragments that refresh themselves, at almost no cost while nothing changes.

A version has two halves, `change_token.content`. The pulse is one cheap statement, compared before anything else is read. Where it has
moved, the fragment is rendered, and the content's half is the hash of its HTML: 304 still, if it is what the page shows.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from hashlib import blake2b
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.safestring import SafeString, mark_safe

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
CONTENTS_KEPT = 1000
# What was rendered last for a pulse, which is of one viewer and one address: several browsers of one person cost one rendering.
_contents: dict[str, str] = {}
# What differs each time, or ages: Django's token, and how long ago something was (components/times.js keeps that true).
_FLEETING = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")[^"]*|(?<=>)[^<]*(?=</time>)')


def is_fragment_asked(request: HttpRequest) -> bool:
    """Whether htmx wants the part that changes; going back in the history needs the whole page."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def kept_fresh(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Answer 304 before the view reads anything, where the fragment that someone has is of this very pulse."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if is_fragment_asked(request) and request.method in {"GET", "HEAD"}:
            known, now = known_version(request), now_for(request)
            change_token = _change_token(request, queries.read_row_versions(now=now), now=now)
            if known.partition(".")[0] == change_token or known.rpartition(".")[2] == _contents.get(
                change_token
            ):
                return unchanged(f"{change_token}.{known.rpartition('.')[2]}")
        return view(request, *args, **kwargs)

    return guarded


def version_of(
    request: HttpRequest, html: str, *, key: object, system_status: SystemStatus, now: datetime
) -> str:
    """Return the version of a fragment from its HTML, without what differs each time: `key` is the forms' own.

    `system_status` was read before what is shown: what changed in between is found by the next look.
    """
    lasting = _FLEETING.sub("", html).replace(str(key), "")
    content = blake2b(lasting.encode(), digest_size=9).hexdigest()
    change_token = _change_token(request, system_status.row_versions, now=now)
    if len(_contents) >= CONTENTS_KEPT:
        _contents.clear()
    _contents[change_token] = content
    return f"{change_token}.{content}"


def versioned(html: str, version: str) -> SafeString:
    """Write the version into a fragment that was rendered without one. No text of anyone's holds a bare quotation mark."""
    return mark_safe(html.replace('data-version=""', f'data-version="{version}"', 1))  # noqa: S308  rendered by a template


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
    """Let a page or a fragment be cached by this one browser only, and revalidated each time."""
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
