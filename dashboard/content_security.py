"""What a page may load, and where it may send: https://developer.mozilla.org/docs/Web/HTTP/CSP"""

from collections.abc import Iterable
from typing import Any


def policy(*, forms_lead_to: Iterable[str]) -> dict[str, Any]:
    """Return django-csp's setting: nothing inline and nothing foreign; forms end here, or at the origins given.

    Chromium holds redirects after a form against form-action, too.
    """
    own = ["'self'"]
    return {
        "DIRECTIVES": {
            "default-src": ["'none'"],
            "script-src": own,
            "style-src": own,
            "img-src": [*own, "data:"],
            "font-src": own,
            "connect-src": own,
            "manifest-src": own,
            "form-action": [*own, *forms_lead_to],
            "frame-ancestors": ["'none'"],
            "base-uri": ["'none'"],
        }
    }
