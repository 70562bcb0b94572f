"""Logging in."""

from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

login = LoginView.as_view(redirect_authenticated_user=True)


@require_safe
def admin_login(request: HttpRequest) -> HttpResponse:
    """Lead to the one login page there is; who is logged in and still sent here is not staff."""
    if request.user.is_authenticated:
        raise PermissionDenied("The admin is for staff. Ask an administrator to mark you as staff there.")
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
