"""What a push message becomes on a phone: a notification whose buttons lead where help is."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

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
        {"action": "watch", "title": "How it went", "url": "/deploys/1/"},
        {"action": "site", "title": "What helps", "url": "/sites/cron.natwelch.com/"},
    ],
}
SHOWN = """() => navigator.serviceWorker.ready.then(ready => ready.getNotifications()).then(all => all.map(
    each => [each.title, each.body, each.actions.map(({action, title}) => [action, title])]))"""
# A finger on one of its buttons, as a service worker is told of it. No window opens: a browser wants a real finger for that.
TAP = """async action => {
    let notification;
    while (!notification) [notification] = await self.registration.getNotifications();
    const opened = new Promise(done => { self.clients.openWindow = url => done(new URL(url).pathname); });
    self.clients.matchAll = async () => [];
    self.dispatchEvent(new NotificationEvent('notificationclick', {notification, action}));
    return opened;
}"""


@pytest.fixture
def page(installation: Installation, enter: Enter) -> Page:
    """A phone that allows notifications, and has just been sent one."""
    page = enter(permissions=["notifications"])
    page.wait_for_function(
        "navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null)"
    )
    session = page.context.new_cdp_session(page)
    registered: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registered.extend(each["registrationId"] for each in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    while not registered:
        page.wait_for_timeout(50)
    session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": installation.url, "registrationId": registered[-1], "data": json.dumps(MESSAGE)},
    )
    assert eventually(lambda: bool(page.evaluate(SHOWN)), seconds=60), "Nothing was shown."
    return page


def test_it_is_shown_with_its_buttons(page: Page) -> None:
    shown = page.evaluate(SHOWN)

    assert shown == [
        [MESSAGE["title"], MESSAGE["body"], [["watch", "How it went"], ["site", "What helps"]]],
    ]


@pytest.mark.parametrize(
    ("action", "leads_to"),
    [("", "/deploys/1/"), ("watch", "/deploys/1/"), ("site", "/sites/cron.natwelch.com/")],
)
def test_each_button_leads_to_its_page(page: Page, action: str, leads_to: str) -> None:
    (worker,) = page.context.service_workers

    opened = worker.evaluate(TAP, action)

    assert opened == leads_to
