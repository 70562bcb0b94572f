"""What all doors have in common: rate limits, a reason with each refusal, and 202 for what is accepted."""

import logging
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from math import inf
from time import monotonic
from typing import Concatenate, ParamSpec

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dashboard.access import open_to_all
from dashboard.addresses import address_of
from dashboard.hooks.bodies import UnreadableBody
from dashboard.hooks.limits import Limits
from dashboard.hooks.refused import Refused
from deployments.operations.hooks.receive import Outcome, Receipt, note_refusal
from deployments.rules.hooks.hint import Door, UnreadableHook

logger = logging.getLogger(__name__)
P = ParamSpec("P")
Taking = Callable[Concatenate[HttpRequest, P], Receipt]
NOTED_EVERY_SECONDS = 60.0
limits = Limits()
_noted_at: dict[Door, float] = {}
_NO_JSON = "The body is not JSON that can be read."


def door(which: Door) -> Callable[[Taking[P]], Callable[Concatenate[HttpRequest, P], HttpResponse]]:
    """Make a view of a function that takes a hook in. What that raises is answered and noted; nothing is queued then."""

    def wrap(take: Taking[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @csrf_exempt
        @require_POST
        @open_to_all
        @wraps(take)
        def view(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if seconds := limits.seconds_blocked(address_of(request)):
                return _answer(
                    HTTPStatus.TOO_MANY_REQUESTS, "Too many.", headers={"Retry-After": str(seconds)}
                )
            try:
                return _accepted(take(request, *args, **kwargs))
            except Refused as refused:
                return _refused(request, which, refused)
            except (UnreadableBody, UnreadableHook) as error:
                return _answer(HTTPStatus.BAD_REQUEST, str(error) or _NO_JSON)

        return view

    return wrap


def closed(what: str) -> Refused:
    return Refused(f"This door is closed: {what}.", status=HTTPStatus.NOT_FOUND, has_asked=True)


def _accepted(receipt: Receipt) -> HttpResponse:
    if receipt.outcome is Outcome.REPLAYED:
        return _answer(HTTPStatus.FORBIDDEN, receipt.message, is_refusal=True)
    return _answer(HTTPStatus.ACCEPTED, receipt.message, sites=list(receipt.names))


def _refused(request: HttpRequest, which: Door, refused: Refused) -> HttpResponse:
    limits.count_refusal(address_of(request))
    if not refused.has_asked and monotonic() - _noted_at.get(which, -inf) >= NOTED_EVERY_SECONDS:
        _noted_at[which] = monotonic()
        try:
            note_refusal(door=which, message=str(refused), now=timezone.now())
        except DatabaseError as error:
            logger.warning("A refused hook could not be noted: %s", error)
    return _answer(refused.status, str(refused), is_refusal=True)


def _answer(
    status: HTTPStatus,
    message: str,
    *,
    sites: list[str] | None = None,
    headers: dict[str, str] | None = None,
    is_refusal: bool = False,
) -> HttpResponse:
    answer = JsonResponse({"message": message, "sites": sites or []}, status=status, headers=headers)
    # Django would log it as well, with an address that may hold a token.
    answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    if is_refusal:
        # The request's own line in the log says why: dashboard/request_log.py.
        answer.refusal = message  # type: ignore[attr-defined]
    return answer
