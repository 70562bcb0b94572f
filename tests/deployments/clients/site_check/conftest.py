"""Hosts behind the demo's proxy, and a client that is led there by the environment alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.sites import DemoSites, Page
from deployments.clients.site_check import SiteCheck

HOST = "cron.example.com"
OTHER = "blog.example.com"


class Pages(dict[str, Page]):
    """From `host/path` to what is answered there; every path of HOST that nobody names answers 200."""

    def answer(self, host: str, path: str) -> Page | None:
        return self.get(f"{host}{path}", Page()) if host in {HOST, OTHER} else None


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def internet(pages: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoSites]:
    with DemoSites(pages.answer, hosts=[HOST, OTHER]) as sites:
        for name, value in sites.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        yield sites


@pytest.fixture
def web(internet: DemoSites) -> SiteCheck:
    return SiteCheck()
