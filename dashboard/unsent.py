"""What a person sent after their session had ended: nothing was done, and the login leads to the page for the same action."""

from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse

UNSENT = "unsent"
ASKED_FIRST = frozenset({"deploy-site", "roll-back", "restart-site", "abort-deploy", "deploy-all"})
"""Addresses that ask by GET for what they do by POST."""
SHOWN_ON = {"add-sites": "first-start"}
"""Addresses that show a form again by POST alone, and the page that shows it first."""
DIALOG = "drawer"


def page_after_login(request: HttpRequest) -> str:
    """Return the page for someone who logs in first: the same one, or where they sent something, the one that asks for it.

    A fragment belongs to the page around it, and the dialog is a separate page.
    """
    if request.method == "GET":
        is_fragment = "HX-Request" in request.headers and request.headers.get("HX-Target") != DIALOG
        return _page_around(request) if is_fragment else request.get_full_path()
    match = request.resolver_match
    if match is not None and match.url_name in SHOWN_ON:
        return f"{reverse(SHOWN_ON[match.url_name])}?{UNSENT}=1"
    asked = {"sha": sha} if (sha := request.POST.get("sha")) else {}
    is_asked_first = match is not None and match.url_name in ASKED_FIRST
    page = request.path if is_asked_first else _page_around(request)
    return f"{page}?{urlencode(asked | {UNSENT: 1})}" if is_asked_first else f"{page}?{UNSENT}=1"


def _page_around(request: HttpRequest) -> str:
    """Return the path of the page that the browser shows; the list where it names none."""
    shown = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    try:
        return urlsplit(shown).path or resolve_url(settings.LOGIN_REDIRECT_URL)
    except ValueError:
        return resolve_url(settings.LOGIN_REDIRECT_URL)
