"""Every session is listed under Account, and can be ended there, whatever created it: a page, a proxy, or an earlier release."""

from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY, user_logged_in
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

LISTED_AS = "listed_as"
"""Session key: the key under which this session is listed; another one since then means that it is not."""


def list_session(request: HttpRequest) -> None:
    """List the session of a request whose person is logged in, unless it is listed. No statement where it is."""
    if request.session.get(LISTED_AS) == request.session.session_key is not None:
        return
    UserSession.objects.create_from_request(request)
    request.session[LISTED_AS] = request.session.session_key


def listed_sessions_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """List what no login has listed: a session of an older release, or one whose key was changed, as by a new password."""

    def answered(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # A request that read no session costs no statement.
        if request.session.accessed and SESSION_KEY in request.session and request.user.is_authenticated:
            list_session(request)
        return response

    return answered


def connect() -> None:
    """List the session of every login from now on."""
    user_logged_in.connect(_list, dispatch_uid="listed-sessions")


def _list(user: User, request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None and hasattr(request, "session"):
        request.user = user
        list_session(request)
