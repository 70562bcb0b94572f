"""Sessions without a login: rows that anyone could pile up.

A GET creates none, whatever a library puts into it; a POST creates one that ends within the hour. The tick deletes those
that are over.
"""

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

from dashboard.access import SAFE_METHODS

STRANGERS_SECONDS = 3600
_EXPIRY = "_session_expiry"
"""Where Django keeps what `set_expiry` was given."""


def frugal_sessions_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def answered(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        session = request.session
        if not session.modified:
            return response
        if SESSION_KEY in session:
            if session.get(_EXPIRY) == STRANGERS_SECONDS:
                # It was a stranger's until now, who has logged in.
                session.set_expiry(None)
        elif request.method in SAFE_METHODS and session.session_key is None:
            session.modified = False
        elif not session.is_empty():
            session.set_expiry(STRANGERS_SECONDS)
        return response

    return answered
