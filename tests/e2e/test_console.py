"""Pages load without one complaint of the browser: no error, nothing that the content security policy stopped."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, expect

from deployments.models import Site
from tests.e2e.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOST = "gotak.app"
LISTEN = "document.addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
PAGES = [
    "/",
    "/?q=icco&state=ready",
    "/activity/",
    f"/sites/{HOST}/",
    f"/sites/{HOST}/deploy",
    "/admin/",
    "/admin/deployments/site/",
    "/admin/deployments/site/add/",
    "/admin/deployments/deploy/",
    "/admin/deployments/syncrun/",
    "/admin/deployments/syncschedule/",
]


def complaints_of(page: Page) -> list[str]:
    """Return a list that grows with whatever the page complains about from now on."""
    complaints: list[str] = []
    page.add_init_script(LISTEN)
    page.on(
        "console", lambda message: message.type in ("error", "warning") and complaints.append(message.text)
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: is_failure(request) and complaints.append(request.url))
    return complaints


def is_failure(request: Request) -> bool:
    """Whether it failed; what a navigation cuts short did not."""
    return request.failure != "net::ERR_ABORTED"


def test_no_page_makes_the_browser_complain(installation: Installation, enter: Callable[..., Page]) -> None:
    page = enter("root")
    complaints = complaints_of(page)

    for path in [*PAGES, f"/admin/deployments/site/{Site.objects.get(host=HOST).pk}/change/"]:
        page.goto(path)

    assert complaints == []


def test_a_deploy_makes_the_browser_complain_of_nothing(
    installation: Installation, enter: Callable[..., Page]
) -> None:
    installation.make_ready(HOST)
    page = enter()
    complaints = complaints_of(page)

    page.goto(f"/sites/{HOST}/")
    page.get_by_role("button", name="Deploy").tap()
    expect(page.locator(".answer .state")).to_have_text("Succeeded")

    assert complaints == []
