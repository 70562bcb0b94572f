"""A visit to a site: what it answered, or in one sentence why it did not."""

import socket
import threading
from pathlib import Path

import pytest

from demo.sites import DemoSites, Page
from deployments.clients.site_check import (
    AnswerTooSlow,
    CertificateRefused,
    HostUnreachable,
    RedirectLoop,
    SiteCheck,
    UnableToAsk,
)
from tests.deployments.clients.site_check.conftest import HOST, OTHER, Pages


def test_a_visit_shows_status_and_time(web: SiteCheck, pages: Pages) -> None:
    pages[f"{HOST}/healthz?deep=1"] = Page(status=503, late_seconds=0.1)

    get = web.get(HOST, path="/healthz?deep=1")

    assert (get.status, get.leads_to) == (503, "")
    assert 100 <= get.milliseconds < 60_000


def test_redirects_on_the_same_host_are_followed(web: SiteCheck, pages: Pages, internet: DemoSites) -> None:
    pages[f"{HOST}/"] = Page(status=302, headers={"Location": "/en/"})
    pages[f"{HOST}/en/"] = Page(status=301, headers={"Location": f"https://{HOST}:443/en/home"})

    get = web.get(HOST)

    assert (get.status, internet.visits[-1]) == (200, f"https://{HOST}/en/home")


@pytest.mark.parametrize("target", [f"https://{OTHER}/login", f"http://{HOST}/", f"https://{HOST}:8443/"])
def test_redirects_elsewhere_are_reported_and_not_followed(
    web: SiteCheck, pages: Pages, internet: DemoSites, target: str
) -> None:
    pages[f"{HOST}/"] = Page(status=302, headers={"Location": target})

    get = web.get(HOST)

    assert (get.status, get.leads_to) == (302, target)
    assert internet.visits == [f"https://{HOST}/"]


def test_redirects_without_end_are_an_error(web: SiteCheck, pages: Pages) -> None:
    pages[f"{HOST}/"] = Page(status=302, headers={"Location": "/"})

    with pytest.raises(RedirectLoop, match=r"redirects more than 5 times\. Correct its redirects"):
        web.get(HOST)


def test_an_answer_that_comes_late_is_not_waited_for(web: SiteCheck, pages: Pages) -> None:
    pages[f"{HOST}/"] = Page(late_seconds=20)

    with pytest.raises(AnswerTooSlow, match=r"cron\.example\.com did not answer within 0\.3 seconds\."):
        web.get(HOST, timeout_seconds=0.3)


def test_a_body_that_only_trickles_meets_the_deadline(web: SiteCheck, pages: Pages) -> None:
    pages[f"{HOST}/"] = Page(body=b"x" * 1000, trickles=True)

    with pytest.raises(AnswerTooSlow):
        web.get(HOST, timeout_seconds=0.5)


def test_a_large_body_is_not_read_to_its_end(web: SiteCheck, pages: Pages) -> None:
    pages[f"{HOST}/"] = Page(body=b"x" * 50_000_000)

    get = web.get(HOST)

    assert get.status == 200


def test_a_host_that_the_proxy_does_not_know_is_unreachable(web: SiteCheck) -> None:
    with pytest.raises(HostUnreachable, match=r"The proxy does not lead to gone\.example\.com"):
        web.get("gone.example.com")


def test_a_certificate_of_an_unknown_authority_is_refused(
    web: SiteCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)

    with pytest.raises(CertificateRefused, match="shows a certificate that is not trusted"):
        web.get(HOST)


def test_authorities_that_cannot_be_read_are_named(
    web: SiteCheck, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))

    with pytest.raises(HostUnreachable, match=r"missing\.pem"):
        web.get(HOST)


def test_a_closed_port_and_an_unknown_name_are_distinguished(web: SiteCheck) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]

    with pytest.raises(HostUnreachable, match="Nobody listens at localhost"):
        web.get(f"localhost:{closed}")


def test_what_is_on_loopback_passes_the_proxy_by(web: SiteCheck, internet: DemoSites) -> None:
    with pytest.raises(HostUnreachable):
        web.get("127.0.0.1:1")

    assert internet.visits == []


@pytest.fixture
def unproxied(monkeypatch: pytest.MonkeyPatch) -> SiteCheck:
    """One that resolves names itself. No resolver knows a name in .invalid (RFC 6761, 6.4)."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return SiteCheck()


def test_a_name_that_cannot_be_resolved_says_nothing_of_the_site(unproxied: SiteCheck) -> None:
    with pytest.raises(UnableToAsk, match=r"^The worker cannot resolve the name cron\.invalid\.$"):
        unproxied.get("cron.invalid")


def test_a_resolver_that_says_nothing_says_nothing_of_the_site(
    unproxied: SiteCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: asked.wait(20))

    with pytest.raises(UnableToAsk, match=r"cannot resolve the name cron\.invalid"):
        unproxied.get("cron.invalid", timeout_seconds=0.2)

    asked.set()


def test_a_network_to_which_there_is_no_route_says_nothing_of_the_site(unproxied: SiteCheck) -> None:
    """As where a name has an IPv6 address alone; here of many receivers, which no connection leads to on any machine."""
    with pytest.raises(UnableToAsk, match=r"^The worker's network has no route to 224\.0\.0\.1\.$"):
        unproxied.get("224.0.0.1")


@pytest.mark.parametrize("proxy", ["http://proxy.invalid:3128", "http://127.0.0.1:1"])
def test_a_proxy_that_is_not_there_says_nothing_of_the_site(
    web: SiteCheck, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy)

    with pytest.raises(UnableToAsk, match=r"cannot reach its proxy\. Check HTTPS_PROXY"):
        web.get(HOST)
