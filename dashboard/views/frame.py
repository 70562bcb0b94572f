"""What the pages share: the frame around them, and fragments that answer 304 while nothing changes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from hashlib import blake2b
from typing import Any, Concatenate, ParamSpec
from uuid import uuid4

from django.db.models import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers

from dashboard.access import may_deploy
from deployments.queries import House

P = ParamSpec("P")


@dataclass(frozen=True)
class Live:
    """The part of a page that refreshes itself."""

    fragment: str
    facts: object
    """Everything that the fragment shows, with a repr that changes when it does."""


def show(
    request: HttpRequest, template: str, live: Live, /, *, house: House, now: datetime, **context: Any
) -> HttpResponse:
    """Render `template`, or only its live fragment where htmx asks: 304 while the facts are those that it has."""
    user = request.user
    right = may_deploy(user)
    version = blake2b(
        repr((live.facts, house, house.holds, right, user.pk, str(now.tzinfo))).encode(), digest_size=9
    ).hexdigest()
    context |= {
        "house": house,
        "now": now,
        "zone": now.tzinfo,
        "may_deploy": right,
        "key": uuid4(),
        "version": version,
        "fragment": live.fragment,
    }
    response = None
    if is_fragment_asked(request):
        etag = f'"{version}"'
        response = get_conditional_response(request, etag=etag) or render(request, "_live.html", context)
        response["ETag"] = etag
    else:
        response = render(request, template, context)
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["HX-Request"])
    return response


def is_fragment_asked(request: HttpRequest) -> bool:
    """Whether htmx wants the part that changes; going back in the history needs the whole page."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def found_or_404(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Answer 404 where a row that the address names is not there (any more)."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except ObjectDoesNotExist as error:
            raise Http404 from error

    return guarded


def host_in_lower_case(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view a lower-case host. Who only looks is led to that address, so that each site has one."""

    @wraps(view)
    def guarded(request: HttpRequest, host: str) -> HttpResponse:
        lower = host.lower()
        if host != lower and request.method in {"GET", "HEAD"}:
            return redirect(request.get_full_path().replace(host, lower, 1), permanent=True)
        return view(request, lower)

    return guarded
