"""The list in Chromium as on a slow phone, and a hundred phones that keep it open. `python -m bench.page URL USER PASSWORD`."""

import json
import sys
import threading
from statistics import median, quantiles
from time import monotonic, perf_counter, sleep
from typing import Any

import requests
from playwright.sync_api import Page

from pictures.chromium import chromium

# Chrome's own "Slow 4G": 1.6 Mbit/s down, 750 kbit/s up, 150 ms; DevTools multiplies these latencies, and so do we not.
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
CPU_SLOWDOWN = 4
PHONES, SECONDS, EVERY_SECONDS = 100, 60, 15
WATCH = """window.seen = {lcp: 0, cls: 0, longest: 0};
for (const [type, note] of Object.entries({
    "largest-contentful-paint": each => { seen.lcp = each.startTime; },
    "layout-shift": each => { if (!each.hadRecentInput) seen.cls += each.value; },
    "longtask": each => { seen.longest = Math.max(seen.longest, each.duration); },
})) new PerformanceObserver(list => list.getEntries().forEach(note)).observe({type, buffered: true});"""


def main() -> None:
    url, user, password = sys.argv[1:]
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844}, base_url=url)
        _log_in(page, user, password)
        cookies = {each["name"]: each["value"] for each in page.context.cookies()}
        first, again = _visit(page, is_first=True), _visit(page, is_first=False)
    print(json.dumps({"first visit": first, "second visit": again}))
    print(json.dumps({f"{PHONES} phones, {SECONDS} s": _poll(url, cookies)}))


def _log_in(page: Page, user: str, password: str) -> None:
    page.goto("/")
    page.get_by_label("Name").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.locator("#list").wait_for()


def _visit(page: Page, *, is_first: bool) -> dict[str, float]:
    """Return milliseconds to the largest paint, the layout shift, and the longest task in milliseconds."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    if is_first:
        session.send("Network.clearBrowserCache")
        page.add_init_script(WATCH)
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    page.goto("/")
    page.wait_for_timeout(3000)
    seen: dict[str, float] = page.evaluate("seen")
    return {name: round(value, 3) for name, value in seen.items()}


def _poll(url: str, cookies: dict[str, str]) -> dict[str, Any]:
    """Return requests, errors, bytes of the median answer, and milliseconds, of phones that poll as headway.js does."""
    times: list[float] = []
    statuses: list[int] = []
    until = monotonic() + SECONDS

    def phone(number: int) -> None:
        sleep(number * EVERY_SECONDS / PHONES)
        version = ""
        with requests.Session() as session:
            session.cookies.update(cookies)
            while monotonic() < until:
                start = perf_counter()
                answer = session.get(
                    url, headers={"HX-Request": "true", "If-None-Match": f'"{version}"'}, timeout=30
                )
                times.append((perf_counter() - start) * 1000)
                statuses.append(answer.status_code)
                version = answer.headers.get("ETag", "").removeprefix("W/").strip('"')
                sleep(EVERY_SECONDS)

    threads = [threading.Thread(target=phone, args=(number,)) for number in range(PHONES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "requests": len(times),
        "304": statuses.count(304),
        "errors": sum(each not in {200, 304} for each in statuses),
        "median ms": round(median(times), 1),
        "p95 ms": round(quantiles(times, n=20)[-1], 1),
    }


if __name__ == "__main__":
    main()
