"""The login that the demo's QR code carries: once, within ten minutes.

Only the demo's settings know its address, and production's image holds no file of this folder.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboard.access import open_to_all

VALID_FOR = timedelta(minutes=10)
_PERSON = "one_time_login_of"


def make(user: User, *, now: datetime) -> str:
    """Return the path that logs this person in. It is kept as a row among the sessions, by its hash: a dump lets nobody log in."""
    secret = token_urlsafe(24)
    data = SessionStore().encode({_PERSON: user.pk})
    Session.objects.create(session_key=_key(secret), session_data=data, expire_date=now + VALID_FOR)
    return f"/demo/login/{secret}"


def use(secret: str, *, now: datetime) -> User | None:
    """Return the person, to the first who asks; None where it was used, has expired or never was."""
    with transaction.atomic():
        row = _valid(secret, now=now).select_for_update().first()
        if row is None:
            return None
        row.delete()
    return User.objects.filter(pk=row.get_decoded()[_PERSON], is_active=True).first()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all
def log_in(request: HttpRequest, secret: str) -> HttpResponse:
    """Log in by POST: a camera that previews the link does not use it up."""
    now = timezone.now()
    if request.method == "POST" and (user := use(secret, now=now)):
        login(request, user, backend="dashboard.access.Backend")
        return redirect("sites")
    is_valid = request.method != "POST" and _valid(secret, now=now).exists()
    status = 200 if is_valid else 404
    return render(request, "one_time_login.html", {"is_valid": is_valid}, status=status)


def _valid(secret: str, *, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=_key(secret), expire_date__gt=now)


def _key(secret: str) -> str:
    return f"demo-{sha256(secret.encode()).hexdigest()[:32]}"
