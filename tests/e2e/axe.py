"""axe's findings (WCAG 2.2, A and AA) on what a page shows."""

from collections.abc import Iterable

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WHOLE = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
"""All that the other theme changes."""
RUN = "async options => (await axe.run(document, options)).violations"

TWICE = """() => {
    const ids = [...document.querySelectorAll("[id]")].map(each => each.id);
    return ids.filter((each, at) => ids.indexOf(each) !== at);
}"""
"""Ids that more than one element has: axe finds only those that a label or a description names."""


def findings_on(page: Page) -> list[str]:
    """What axe finds in both themes and at both widths, and ids that stand twice."""
    found = []
    page.evaluate(AXE_SCRIPT)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        for scheme, options in (("light", WHOLE), ("dark", COLOURS)):
            # In the middle of a transition no colour is what it is to be.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [
                f"{page.url} {width} {scheme} {each['id']}: {node['html'][:200]}"
                for each in page.evaluate(RUN, options)
                for node in each["nodes"]
            ]
        found += [f"{page.url} {width} id twice: {each}" for each in page.evaluate(TWICE)]
    return found


def walk(page: Page, paths: Iterable[str]) -> list[str]:
    findings = []
    for path in paths:
        page.goto(path)
        findings += findings_on(page)
    return findings
