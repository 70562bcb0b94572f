"""Django's admin behind the site's own login, with a recent login required before anything is written."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.db.models import DateTimeField, Field
from django.http import HttpRequest, HttpResponse

from dashboard.access import SAFE_METHODS
from dashboard.accounts.reauthentication import ask_for_check
from dashboard.unsent import page_after_login
from deployments.rules.times import EARLIEST, LATEST

KNOWN = frozenset(Field.get_lookups()) | frozenset(DateTimeField.get_lookups())  # type: ignore[call-arg]  # classes have them, too
OFFERED = frozenset({"exact", "isnull", "year", "month", "day"})
"""By which the admin's own links filter. Of the other lookups Django lets some raise, such as a range with one end."""


def _is_filter(name: str, values: list[str]) -> bool:
    """Whether the admin can filter by it, and show a calendar around it."""
    lookups = KNOWN.intersection(name.split("__")[1:])
    return lookups <= OFFERED and ("year" not in lookups or all(map(_is_year, values)))


def _is_year(text: str) -> bool:
    return _is_key(text) and len(text) <= len(str(LATEST.year)) and EARLIEST.year <= int(text) < LATEST.year


def _is_key(text: str) -> bool:
    """Whether Django's admin, which filters by it, takes this for a row's number."""
    return text.isascii() and text.isdigit()


class HeadwayAdminSite(AdminSite):
    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Ask who writes to show that it is them, unless they did lately; the login says that nothing was written before it."""

        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not all(map(_is_key, request.POST.getlist(ACTION_CHECKBOX_NAME))):
                raise BadRequest("The selection is not a row number.")
            if "" in (request.GET.get(TO_FIELD_VAR), request.POST.get(TO_FIELD_VAR)):
                # Django asks whether a field may be named here, but not whether one is.
                raise BadRequest("A field needs a name.")
            if not all(_is_filter(name, values) for name, values in request.GET.lists()):
                raise BadRequest("The admin has no such filter.")
            writes = request.method not in SAFE_METHODS and self.has_permission(request)
            asked = ask_for_check(request, "Changes here need a recent sign-in.") if writes else None
            answer: HttpResponse = asked or view(request, *args, **kwargs)
            return answer

        guarded = super().admin_view(checked, cacheable)

        @wraps(guarded)
        def login_first(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in SAFE_METHODS and not request.user.is_authenticated:
                return redirect_to_login(page_after_login(request))
            answer: HttpResponse = guarded(request, *args, **kwargs)
            return answer

        return login_first
