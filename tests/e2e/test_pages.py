"""No page is left out where all are checked."""

import re

from django.urls import resolve

from tests.dashboard.address_table import TABLE
from tests.e2e.pages import ADMIN, BY_OTHERS, INSTALLATION, SITES

NO_PAGES = re.compile(
    r"live$|manifest|sw\.js|login/passkey|recovery/file|passkeys/$|password/first|admin/(login|autocomplete|jsi18n|password_change|r/)"
    # Django's one template for each kind of page serves every model alike.
    r"|admin/(deployments/(hold|auditevent|syncrun|syncschedule)|django_q/\w+)/<|admin/deployments/deploy/<path:object_id>/delete|/<path:object_id>/$|/\(\?P<url>"
)
PATHS = [path for path in [*SITES, *INSTALLATION, *ADMIN, *BY_OTHERS] if path != "/no-such-page"]


def test_every_page_is_walked() -> None:
    looked_at = {resolve(re.sub(r"{\w+}", "1", path).partition("?")[0]).route for path in PATHS}
    there = {
        route for route, answers in TABLE.items() if answers["GET"][3] == "ok" and not NO_PAGES.search(route)
    }

    assert {each.replace("^", "") for each in there} - looked_at == set()
