"""Tap targets are large enough, and nothing lies beyond the edge."""

from playwright.sync_api import Page

TAP_PIXELS = 44
# A link within text is as high as the text (WCAG 2.2, 2.5.8: "Inline"); a box is tapped on its whole label.
_CRAMPED = """least => [...document.querySelectorAll(
    "button, .act, .chips a, .tabs a, .back a, .brand, summary, select, input:not([type=hidden])"
)].filter(each => each.checkVisibility() && !each.closest(".skip, .unseen")).map(
    each => /^(checkbox|radio)$/.test(each.type) ? each.closest("label") ?? each : each
).filter(each => {
    const { width, height } = each.getBoundingClientRect();
    return width && Math.min(width, height) < least - .5;
}).map(each => each.outerHTML.slice(0, 150))"""
_HOLLOW = """[...document.querySelectorAll(".reach")].filter(
    each => each.checkVisibility() && ![...each.children].some(child => child.checkVisibility())
).length"""
_SPILT = """[...document.querySelectorAll(".act:not(.next), .tabs a, .tabs button, .brand")].filter(
    each => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1
).map(each => each.outerHTML.slice(0, 150))"""
_CLASHING = """[...document.querySelectorAll(".reach")].flatMap(reach => {
    const there = [...reach.querySelectorAll(".act")].filter(each => each.checkVisibility());
    return there.filter((each, at) => at && there.slice(0, at).some(before => {
        const [one, other] = [each.getBoundingClientRect(), before.getBoundingClientRect()];
        return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
    }));
}).map(each => each.outerHTML.slice(0, 150))"""
_WIDTH = "[document.documentElement.scrollWidth, innerWidth]"


def cramped_on(page: Page) -> list[str]:
    """What is too small to tap on this page or for its own words, lies over another, is too wide for its screen, or a bar for buttons without any."""
    found = [f"{page.url} is too small to tap: {each}" for each in page.evaluate(_CRAMPED, TAP_PIXELS)]
    found += [f"{page.url} is too small for its words: {each}" for each in page.evaluate(_SPILT)]
    found += [f"{page.url} lies over its neighbour: {each}" for each in page.evaluate(_CLASHING)]
    found += [f"{page.url} has a bar for buttons without any"] * bool(page.evaluate(_HOLLOW))
    wide, screen = page.evaluate(_WIDTH)
    return found + ([f"{page.url} is {wide} wide on a screen of {screen}"] if wide > screen else [])
