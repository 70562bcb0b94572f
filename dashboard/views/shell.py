"""What makes the pages a home-screen app: its manifest, its service worker, and a page for when the network is gone."""

import json
from hashlib import blake2b

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from dashboard.access import open_to_all

PAPER, INK = "#f4f6f3", "#3b4bd8"
_SHELL = (
    "dashboard/headway.css",
    "dashboard/headway.js",
    "django_htmx/htmx-2.min.js",
    "dashboard/favicon.svg",
)


@require_safe
@open_to_all
@cache_control(max_age=3600)
def manifest(_request: HttpRequest) -> HttpResponse:
    """The app on the home screen (W3C, Web Application Manifest)."""
    icons = [
        {
            "src": static(f"dashboard/icons/{name}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for name, size, purpose in (
            ("icon-192", 192, "any"),
            ("icon-512", 512, "any"),
            ("maskable-512", 512, "maskable"),
        )
    ]
    home = reverse("sites")
    return JsonResponse(
        {
            "id": home,
            "name": "Headway",
            "short_name": "Headway",
            "description": "What runs on your cluster against what is newest on GitHub.",
            "start_url": home,
            "scope": home,
            "display": "standalone",
            "background_color": PAPER,
            "theme_color": INK,
            "icons": icons,
            "shortcuts": [
                {"name": "Ready to deploy", "url": f"{home}?state=ready"},
                {"name": "Activity", "url": reverse("activity")},
            ],
        },
        content_type="application/manifest+json",
    )


@require_safe
@open_to_all
@cache_control(max_age=3600)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Serve it from the root, over which it then rules. Its cache is named after the files in it: new files, new cache."""
    shell = [static(name) for name in _SHELL]
    version = blake2b(" ".join(shell).encode(), digest_size=6).hexdigest()
    files = json.dumps([*shell, reverse("offline")])
    context = {"files": files, "version": version, "icon": static("dashboard/icons/icon-192.png")}
    context["session_seconds"] = str(settings.SESSION_COOKIE_AGE)
    return render(request, "sw.js", context, content_type="text/javascript")


@require_safe
@open_to_all
@cache_control(max_age=3600)
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown where nothing can be: the same for everyone, since the service worker keeps it."""
    return render(request, "offline.html", {"user": None})
