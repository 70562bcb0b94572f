"""axe's findings (WCAG 2.2, A and AA) on what a page shows."""

from collections.abc import Iterable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def findings_on(page: Page) -> list[str]:
    """What axe finds in both themes and at both widths."""
    found = []
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        for scheme in ("light", "dark"):
            # In the middle of a transition no colour is what it is to be.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            violations = Axe().run(page, options=TAGS).response["violations"]
            found += [
                f"{page.url} {width} {scheme} {each['id']}: {node['html'][:200]}"
                for each in violations
                for node in each["nodes"]
            ]
    return found


def walk(page: Page, paths: Iterable[str]) -> list[str]:
    findings = []
    for path in paths:
        page.goto(path)
        findings += findings_on(page)
    return findings
