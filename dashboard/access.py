"""Who may do what: everyone who is logged in may read, and `deployments.deploy_site` is the permission to act.

Each view carries one of these decorators; what it requires is in its attribute `access`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from dashboard.unsent import page_after_login
from deployments.operations.authorization import DEPLOY, deploy_grants

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""What changes nothing: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1."""

NAMES_AT_MOST = 5

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


Access = Literal["open", "login", "deploy", "admin"]


class Backend(AuthenticationBackend):  # type: ignore[misc]  # allauth is not typed
    """Names in any case, and a constant-time answer. It also reads the right to deploy in the statement that reads the user."""

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.filter(pk=user_id).annotate(has_deploy_grant=deploy_grants()).first()
        return user if user and self.user_can_authenticate(user) and _is_still_listed(user) else None


def _is_still_listed(user: User) -> bool:
    """Whether a session of this account may continue; GitHub is not asked."""
    if not settings.GITHUB_LOGIN_CLIENT_ID:
        return True
    from dashboard.accounts.github_list import refusal_for

    return not refusal_for(user, now=timezone.now(), asks=False)


def may_deploy(user: User | AnonymousUser | AbstractBaseUser) -> bool:
    """Whether this person may deploy, hold, resume and sync. No statement for a user that Backend read."""
    if not isinstance(user, User) or not user.is_active:
        return False
    if user.is_superuser:
        return True
    granted = getattr(user, "has_deploy_grant", None)
    return user.has_perm(DEPLOY) if granted is None else bool(granted)


def open_to_all(view: View[P]) -> View[P]:
    """Open to everyone."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs)

    return _asks_for("open", guarded)


def welcome_first(view: View[P]) -> View[P]:
    """Where nobody has an account yet, make the first one before logging in."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated and request.method == "GET" and not User.objects.exists():
            return redirect("welcome")
        return view(request, *args, **kwargs)

    return guarded


def login_needed(view: View[P]) -> View[P]:
    """Send strangers to the login page, and back here afterwards; a fragment's request moves the whole page there."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        to_login = redirect_to_login(page_after_login(request))
        return HttpResponseClientRedirect(to_login.url) if request.headers.get("HX-Request") else to_login

    return _asks_for("login", guarded)


def deployer_needed(view: View[P]) -> View[P]:
    """Let pass who may deploy; anyone else reads who can grant that (403)."""

    @login_needed
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not may_deploy(request.user):
            raise PermissionDenied(f"You can view everything here, but not change it. {who_can_grant()}")
        return view(request, *args, **kwargs)

    return _asks_for("deploy", guarded)


def admin_needed(view: View[P]) -> View[P]:
    """Let pass admins; anyone else gets a 403 that names their account."""

    @login_needed
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not getattr(request.user, "is_staff", False):
            raise PermissionDenied("This page is for admins. Ask one of them to give you that role.")
        return view(request, *args, **kwargs)

    return _asks_for("admin", guarded)


def mapping_editor_needed(right: str) -> Callable[[View[P]], View[P]]:
    """Let pass admins who have this right over mappings: `add_site`, `change_site` or `delete_site`."""

    def decorate(view: View[P]) -> View[P]:
        @admin_needed
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not acting_user(request).has_perm(f"deployments.{right}"):
                raise PermissionDenied(
                    "You cannot change mappings. Ask an administrator for that permission."
                )
            return view(request, *args, **kwargs)

        return _asks_for("admin", guarded)

    return decorate


def _asks_for(access: Access, view: View[P]) -> View[P]:
    view.access = access  # type: ignore[attr-defined]  # what the walk over all addresses reads
    return view


def who_can_grant() -> str:
    """Return a sentence that names the people who can give the right to deploy."""
    admins = User.objects.filter(is_staff=True, is_active=True).order_by("last_login", "username")
    names = [admin.get_full_name() or admin.get_username() for admin in admins[:NAMES_AT_MOST]]
    if not names:
        return "Nobody can grant that yet: an owner makes an admin with `manage.py createsuperuser`."
    return f"Ask {' or '.join(names)} for permission to deploy. It is granted under Admin, Users, Role."


def acting_user(request: HttpRequest) -> User:
    """Return who sent a request that deployer_needed let pass."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Log in first.")
    return request.user
