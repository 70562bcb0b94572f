"""What a push message becomes on a phone: a notification whose buttons lead where help is."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.e2e.conftest import chromium
from tests.e2e.installation import Installation
from tests.processes import eventually

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[..., Page]
MESSAGE = {
    "title": "cron.natwelch.com: failed",
    "body": "The pod crashes.",
    "tag": "site-1",
    "url": "/deploys/1/",
    "actions": [
        {"action": "watch", "title": "Details", "url": "/deploys/1/"},
        {"action": "site", "title": "Open site", "url": "/sites/cron.natwelch.com/"},
    ],
}
IS_ACTIVE = """navigator.serviceWorker.ready.then(
    ({active}) => navigator.serviceWorker.controller !== null && active.state === "activated")"""
SHOWN = """() => navigator.serviceWorker.ready.then(ready => ready.getNotifications()).then(all => all.map(
    each => [each.title, each.body, each.actions.map(({action, title}) => [action, title])]))"""
# A finger on one of its buttons, as a service worker receives it. No window opens: a browser wants a real finger for that.
TAP = """async action => {
    let notification;
    while (!notification) [notification] = await self.registration.getNotifications();
    const opened = new Promise(done => { self.clients.openWindow = url => done(new URL(url).pathname); });
    self.clients.matchAll = async () => [];
    self.dispatchEvent(new NotificationEvent('notificationclick', {notification, action}));
    return opened;
}"""


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright, with_windows=True) as browser:
        yield browser


@pytest.fixture
def page(installation: Installation, enter: Enter) -> Page:
    """A phone that allows notifications, and has just been sent one."""
    page = enter(permissions=["notifications"])
    page.wait_for_function(IS_ACTIVE)
    session = page.context.new_cdp_session(page)
    registered: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registered.extend(
            each["registrationId"] for each in event["registrations"] if not each["isDeleted"]
        ),
    )
    session.send("ServiceWorker.enable")

    def is_shown_when_sent() -> bool:
        """Send it to the newest registration; sent again, it replaces itself by its tag."""
        for newest in registered[-1:]:
            session.send(
                "ServiceWorker.deliverPushMessage",
                {"origin": installation.url, "registrationId": newest, "data": json.dumps(MESSAGE)},
            )
        return eventually(lambda: bool(page.evaluate(SHOWN)), seconds=2)

    # A browser under load loses a message now and then, as a push service may.
    assert eventually(is_shown_when_sent, seconds=60), "Nothing was shown."
    return page


def test_it_is_shown_with_its_buttons(page: Page) -> None:
    shown = page.evaluate(SHOWN)

    assert shown == [
        [MESSAGE["title"], MESSAGE["body"], [["watch", "Details"], ["site", "Open site"]]],
    ]


@pytest.mark.parametrize(
    ("action", "leads_to"),
    [("", "/deploys/1/"), ("watch", "/deploys/1/"), ("site", "/sites/cron.natwelch.com/")],
)
def test_each_button_leads_to_its_page(page: Page, action: str, leads_to: str) -> None:
    (worker,) = page.context.service_workers

    opened = worker.evaluate(TAP, action)

    assert opened == leads_to
