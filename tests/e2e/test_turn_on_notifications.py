"""Whether this device is notified: its browser and the server must both say so."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deployments.models import PushSubscription
from tests.e2e.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[..., Page]
# What a browser gets from its vendor's push service, which no test can reach: it is kept over a reload.
PUSH_SERVICE = """() => {
    const P256DH = "BP" + "A".repeat(85), AUTH = "A".repeat(22);
    const subscription = endpoint => endpoint && ({
        endpoint, options: {}, toJSON: () => ({endpoint, keys: {p256dh: P256DH, auth: AUTH}}),
        unsubscribe: async () => localStorage.removeItem("endpoint"),
    });
    PushManager.prototype.getSubscription = async () => subscription(localStorage.getItem("endpoint"));
    PushManager.prototype.subscribe = async () => {
        if (localStorage.getItem("endpoint")) throw new Error("There is one already.");
        const number = Number(localStorage.getItem("number")) + 1;
        localStorage.setItem("number", number);
        localStorage.setItem("endpoint", `https://push.example.com/${number}`);
        return subscription(localStorage.getItem("endpoint"));
    };
}"""


@pytest.fixture
def page(installation: Installation, enter: Enter) -> Page:
    page = enter(permissions=["notifications"])
    page.add_init_script(f"({PUSH_SERVICE})()")
    page.goto("/me/notifications/")
    expect(page.locator("#push-said")).to_have_text("Notifications are off on this device.")
    return page


def test_a_device_is_turned_on_and_off(page: Page) -> None:
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator("#push-said")).to_have_text("Notifications are on for this device.")
    known = list(PushSubscription.objects.values_list("endpoint", flat=True))

    page.get_by_role("button", name="Turn off").first.click()
    expect(page.locator("#push-said")).to_have_text("Notifications are off on this device.")

    assert known == ["https://push.example.com/1"]
    assert not PushSubscription.objects.exists()


def test_a_subscription_that_the_server_gave_up_reads_as_off_and_is_created_again(page: Page) -> None:
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator("#push-said")).to_have_text("Notifications are on for this device.")
    PushSubscription.objects.all().delete()

    page.reload()
    expect(page.locator("#push-said")).to_have_text("Notifications are off on this device.")
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator("#push-said")).to_have_text("Notifications are on for this device.")

    assert PushSubscription.objects.get().endpoint == "https://push.example.com/2"
