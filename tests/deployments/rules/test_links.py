"""Only what leads to an https page becomes a link."""

import pytest

from deployments.rules.links import https_link

GOOD = ["https://github.com/icco/cron/commit/abc", "HTTPS://github.example.com:8443/a?b=c#d"]
BAD = [
    "javascript:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "http://github.com/a",
    "//github.com/a",
    "/deploys/1/cancel",
    "https:",
    "https:///a",
    "https://",
    "https://github.com@evil.example/",
    "https://github.com\\@evil.example/",
    "https://[",
    "https://a b/",
    "https://a/\x00",
    "https://a/\u202ecod",
    "ftp://a/",
    "",
    None,
    7,
    ["https://a/"],
    "https://a/" + "x" * 2000,
]


@pytest.mark.parametrize("address", GOOD)
def test_an_https_address_is_a_link(address: str) -> None:
    assert https_link(address) == address


@pytest.mark.parametrize("address", BAD)
def test_anything_else_is_none(address: object) -> None:
    assert https_link(address) == ""
