"""`make screenshots`: the README's pictures, from the demo: phone and desktop, light and dark."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from pictures.chromium import chromium

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
SETTLED_MS = 1500


@dataclass(frozen=True)
class Demo:
    url: str
    user: str
    password: str


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with running_demo() as demo, chromium() as browser:
        for size in SIZES:
            for scheme in ("light", "dark"):
                _take(browser, demo, size=size, scheme=scheme)


@contextmanager
def running_demo() -> Iterator[Demo]:
    """Run `make demo` until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "demo"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield _output_of(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def _output_of(process: subprocess.Popen[str]) -> Demo:
    message = ""
    for line in process.stdout or ():
        message += line
        if found := re.search(r"Headway +(\S+)\s+Log in +(\S+) / (\S+)", message):
            return Demo(*found.groups())
    sys.exit(f"The demo did not start:\n{message}")


def _take(browser: Browser, demo: Demo, *, size: str, scheme: str) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=demo.url,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        has_touch=size == "phone",
    )
    page = context.new_page()
    log_in(page, demo)
    suffix = f"{size}-{scheme}" if scheme == "dark" else size
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=IMAGES / f"list-{suffix}.png")
    page.goto("/?q=photos")
    page.locator("[data-sheet]").first.click()
    page.locator("#sheet").wait_for()
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=IMAGES / f"sheet-{suffix}.png")
    page.goto("/?state=deploying")
    page.locator(".rows .act").first.click()
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=IMAGES / f"deploy-{suffix}.png")
    context.close()


def log_in(page: Page, demo: Demo) -> None:
    """Begin at the list, as the demo's person."""
    page.goto("/")
    page.get_by_label("Name").fill(demo.user)
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(f"{demo.url}/")


if __name__ == "__main__":
    main()
