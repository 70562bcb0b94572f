"""Requests that cannot be read: answered with 400 or 413 and a message, before they cause an error.

What is checked here once is checked by no view: another charset than UTF-8, forms that are none, NULs, which PostgreSQL takes
from nobody, and bodies that are larger than anything a page sends.
"""

import codecs
import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from io import BytesIO
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.template import loader
from django.utils.http import parse_header_parameters

from dashboard.body_limits import largest_body

_UNREADABLE = (
    *(MultiPartParserError, SuspiciousOperation, BadRequest, LookupError, ValueError, RecursionError),
    OSError,  # the browser went away while it sent its form
)


class Request(WSGIRequest):
    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(_with_length(environ))

    def _set_content_type_params(self, meta: dict[str, str]) -> None:
        """Read what the body is, and take no charset from it: ours is UTF-8, any other is refused later.

        Django would decode with it here, where what it raises (`charset=idna`, `charset*=x''`, a NUL) is nobody's to answer.
        """
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (LookupError, ValueError):
            self.content_type, self.content_params = "", {"charset": "unreadable"}


def _with_length(environ: dict[str, Any]) -> dict[str, Any]:
    """Give a body that came in chunks its length, of which one byte more than may be is enough: Django reads none without."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() and environ.get(
        "wsgi.input_terminated"
    ):
        body = environ["wsgi.input"].read(largest_body(environ.get("PATH_INFO", "")) + 1)
        environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
    return environ


class Handler(WSGIHandler):
    request_class = Request


def well_formed_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer what cannot be read; drop cookies that cannot be."""

    def answered(request: HttpRequest) -> HttpResponse:
        for name in [name for name, value in request.COOKIES.items() if _has_nul((name, value))]:
            del request.COOKIES[name]
        if _length(request) > largest_body(request.path):
            return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This is more than Headway reads.")
        if message := _problem(request):
            return _refusal(HTTPStatus.BAD_REQUEST, message)
        return get_response(request)

    return answered


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _problem(request: HttpRequest) -> str:
    """Return what is wrong with the request, for a person; empty where nothing is."""
    charset = (request.content_params or {}).get("charset")
    if charset and not _is_utf8(charset):
        return "Send it as UTF-8."
    try:
        fields = [*_texts(request.GET.lists()), *_texts(request.POST.lists())]
        files = [str(getattr(each, "name", "")) for each in request.FILES.values()]
    except _UNREADABLE as error:
        if isinstance(error, SuspiciousOperation):
            # As Django itself would say it.
            logging.getLogger(f"django.security.{type(error).__name__}").warning("%s", error)
        return "The form could not be read."
    headers = (
        value for name, value in request.META.items() if name.startswith("HTTP_") and name != "HTTP_COOKIE"
    )
    if _has_nul((request.path, *fields, *files, *headers)):
        return "It contains a NUL character."
    return ""


def _texts(lists: Iterable[tuple[str, list[str]]]) -> Iterable[str]:
    for name, values in lists:
        yield name
        yield from values


def _has_nul(texts: Iterable[str]) -> bool:
    return any("\0" in text for text in texts)


def _is_utf8(charset: str) -> bool:
    try:
        return codecs.lookup(charset).name in {"utf-8", "ascii"}
    except (LookupError, ValueError):
        return False


def _refusal(status: HTTPStatus, message: str) -> HttpResponse:
    page = loader.get_template("400.html").render({"message": message})
    return HttpResponse(page, status=status)
