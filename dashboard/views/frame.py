"""What the pages share: the frame around them, and the fragment in it that refreshes itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import uuid4

from django.db.models import Model, ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from dashboard.access import may_deploy
from dashboard.live import is_fragment_asked, is_known, labelled, unchanged, version_of, versioned
from deployments.queries import SystemStatus

P = ParamSpec("P")
SEARCH_LENGTH = 100


@dataclass(frozen=True)
class Live:
    """What of a page refreshes itself, as names of templates."""

    fragment: str
    """The part that asks."""
    beside: tuple[str, ...] = ()
    """Other parts of the page that its answer brings along. The header's is among them on every page."""


def show(
    request: HttpRequest,
    template: str,
    live: Live,
    /,
    *,
    system_status: SystemStatus,
    now: datetime,
    **context: Any,
) -> HttpResponse:
    """Render `template`, or only what of it is live where htmx asks: 304 while that is what the page shows."""
    key = uuid4()
    context |= {
        "system_status": system_status,
        "now": now,
        "zone": now.tzinfo,
        "may_deploy": may_deploy(request.user),
        "key": key,
    }
    fragment = render_to_string(live.fragment, context, request)
    beside = [
        render_to_string(each, context | {"oob": True}, request) for each in ("_synced.html", *live.beside)
    ]
    version = version_of(request, "".join((fragment, *beside)), key=key, system_status=system_status, now=now)
    fragment = versioned(fragment, version)
    if not is_fragment_asked(request):
        return labelled(render(request, template, context | {"live": fragment}))
    if is_known(request, version):
        return unchanged(version)
    return labelled(HttpResponse("".join((fragment, *beside))), version)


def searched(request: HttpRequest) -> str:
    """Return the words of `?q=`, short, and without the one character that PostgreSQL has no text for."""
    return request.GET.get("q", "")[:SEARCH_LENGTH].replace("\0", "").strip()


def page_before(request: HttpRequest) -> str:
    """Return our page that a form was sent from, from its field `next`; the list where that is not one."""
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/")
    return wanted if is_ours else reverse("sites")


def found_or_404(
    model: type[Model], field: str = "pk"
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Answer 404 where the row that the URL names, by its one argument, does not exist, or no longer does.

    Any other row that is missing is a fault of ours, and raised as such.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except ObjectDoesNotExist as error:
                (named,) = [*list(args), *kwargs.values()]
                if model._default_manager.filter(**{field: named}).exists():  # noqa: SLF001  Django's documented API
                    raise
                raise Http404 from error

        return guarded

    return decorate


def name_in_lower_case(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view a lower-case name. GETs are redirected to that URL, so that each site has one."""

    @wraps(view)
    def guarded(request: HttpRequest, name: str) -> HttpResponse:
        lower = name.lower()
        if name != lower and request.method in {"GET", "HEAD"}:
            return redirect(request.get_full_path().replace(name, lower, 1), permanent=True)
        return view(request, lower)

    return guarded
