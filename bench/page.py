"""The list in Chromium like on a slow phone, and a hundred phones that keep it open."""

import re
import threading
from statistics import median, quantiles
from time import monotonic, perf_counter, sleep
from typing import Any

import requests
from playwright.sync_api import Page

from pictures.chromium import chromium

# Lighthouse's "slow 4G": https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md
KBIT = 1000 / 8
SLOW_4G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1638.4 * KBIT,
    "uploadThroughput": 675 * KBIT,
}
CPU_SLOWDOWN = 4
VISITS = 5
DATA_VERSION = r'id="list"[^>]*data-version="([^"]+)"'
PHONES, SECONDS, EVERY_SECONDS = 100, 60, 15
WATCH = """window.seen = {"largest paint ms": 0, "layout shift": 0, "longest task ms": 0};
for (const [type, note] of Object.entries({
    "largest-contentful-paint": each => { seen["largest paint ms"] = each.startTime; },
    "layout-shift": each => { if (!each.hadRecentInput) seen["layout shift"] += each.value; },
    "longtask": each => { seen["longest task ms"] = Math.max(seen["longest task ms"], each.duration); },
})) new PerformanceObserver(list => list.getEntries().forEach(note)).observe({type, buffered: true});"""
LOADED = """() => ["navigation", "resource"].flatMap(type => performance.getEntriesByType(type)).map(
    each => [new URL(each.name).origin, each.encodedBodySize, each.transferSize])"""


def measure_visits(url: str, cookies: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return what a first and a second visit load and how they feel, on slow 4G with a quarter of this CPU.

    Each value is the median of five visits; where their worst differs, it follows.
    """
    seen = [_visit_twice(url, cookies) for _ in range(VISITS)]
    return {
        name: {key: _spread([each[place][key] for each in seen]) for key in seen[0][place]}
        for place, name in enumerate(("first visit", "second visit"))
    }


def _spread(values: list[float]) -> str:
    usual, worst = median(values), max(values)
    return f"{usual:g}" if worst == usual else f"{usual:g} ({worst:g})"


def _visit_twice(url: str, cookies: dict[str, str]) -> tuple[dict[str, float], dict[str, float]]:
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 390, "height": 844}, service_workers="block")
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
        page = context.new_page()
        page.add_init_script(WATCH)
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW_4G)
        session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
        return _visit(page, url), _visit(page, url)


def _visit(page: Page, url: str) -> dict[str, float]:
    page.goto(url)
    page.locator("#list").wait_for()
    page.wait_for_timeout(3000)
    loaded = page.evaluate(LOADED)
    assert {origin for origin, *_ in loaded} == {url}, loaded
    felt: dict[str, float] = page.evaluate("seen")
    return {
        "HTML bytes": loaded[0][1],
        "bytes sent": sum(sent for *_, sent in loaded),
        "requests": sum(sent > 0 for *_, sent in loaded),
    } | {name: round(value) if name.endswith("ms") else round(value, 3) for name, value in felt.items()}


def measure_phones(url: str, cookies: dict[str, str]) -> dict[str, Any]:
    """Return requests, errors and milliseconds, of phones that have the list open and poll it as components/refresh.js does."""
    page = requests.get(url, cookies=cookies, timeout=30).text
    shown = f'"{re.search(DATA_VERSION, page)[1]}"'  # type: ignore[index]  # the list has one
    times: list[float] = []
    statuses: list[int] = []
    until = monotonic() + SECONDS

    def phone(number: int) -> None:
        sleep(number * EVERY_SECONDS / PHONES)
        version = shown
        with requests.Session() as session:
            session.cookies.update(cookies)
            while monotonic() < until:
                start = perf_counter()
                answer = session.get(
                    url, headers={"HX-Request": "true", "If-None-Match": version}, timeout=30
                )
                times.append((perf_counter() - start) * 1000)
                statuses.append(answer.status_code)
                version = answer.headers.get("ETag", version)
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
