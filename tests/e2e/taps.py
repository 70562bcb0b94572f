"""Taps that are counted."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect


@dataclass
class Tapper:
    page: Page
    taps: int = 0
    searches: int = 0

    def tap(self, what: Locator) -> None:
        """Tap what can be seen without scrolling."""
        expect(what).to_be_in_viewport()
        what.tap()
        self.taps += 1

    def search(self, words: str) -> None:
        """Type into the search field; the Enter key is the keyboard's, and sends the form where there is no JavaScript."""
        field = self.page.get_by_role("searchbox")
        field.fill(words)
        # What is on the old page goes away with it: a tap there would be lost.
        with self.page.expect_event("load"):
            field.press("Enter")
        self.searches += 1


def action_button(page: Page, host: str, label: str) -> Locator:
    """Return the button of a site's row."""
    return page.get_by_role("link", name=f"{host}: {label}", exact=True)


def ship(page: Page, host: str, label: str = "Deploy") -> None:
    """Open the sheet from the list, and tap its one big button."""
    action_button(page, host, label).tap()
    in_sheet = page.locator("#sheet").get_by_role("button")
    expect(in_sheet).to_be_in_viewport()
    in_sheet.tap()
    page.wait_for_url("**/deploys/*/")
    expect(page.locator(".answer .state")).to_be_visible()
