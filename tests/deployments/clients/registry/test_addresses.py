"""Where a registry is reached, and what its challenges ask for."""

import time

import pytest

from deployments.clients.registry.addresses import is_safe, url_of
from deployments.clients.registry.challenge import Challenge, parse_challenge


@pytest.mark.parametrize(
    ("registry", "url"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("gcr.io", "https://gcr.io"),
        ("registry.example:5000", "https://registry.example:5000"),
        ("10.0.0.7:5000", "https://10.0.0.7:5000"),
        ("localhost", "http://localhost"),
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("127.8.9.1", "http://127.8.9.1"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("localhost.example", "https://localhost.example"),
        ("127.0.0.1.example", "https://127.0.0.1.example"),
    ],
)
def test_only_this_machines_own_registries_go_without_https(registry: str, url: str) -> None:
    assert url_of(registry) == url


@pytest.mark.parametrize(
    ("registry", "url"),
    [
        ("registry.lan:5000", "http://registry.lan:5000"),
        ("registry.lan", "https://registry.lan"),
        ("registry.lan:5001", "https://registry.lan:5001"),
        ("docker.io", "https://registry-1.docker.io"),
    ],
)
def test_a_registry_that_is_named_for_it_goes_without_https(registry: str, url: str) -> None:
    assert url_of(registry, frozenset({"registry.lan:5000"})) == url


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("http://registry.lan:5000/token", True),
        ("http://registry.lan:5001/token", False),
        ("http://registry.lan:5000@evil.example/token", False),
        ("ftp://registry.lan:5000/token", False),
    ],
)
def test_no_other_host_goes_along_with_it(url: str, safe: bool) -> None:
    assert is_safe(url, frozenset({"registry.lan:5000"})) is safe


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://auth.docker.io/token", True),
        ("http://127.0.0.1:5000/token", True),
        ("http://auth.docker.io/token", False),
        ("http://127.0.0.1@evil.example/token", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_questions_leave_this_machine_over_https_alone(url: str, safe: bool) -> None:
    assert is_safe(url) is safe


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        (
            'Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"',
            ("bearer", "https://a/t", "s", "repository:a/b:pull,push"),
        ),
        ('bearer service=s, realm="https://a/t"', ("bearer", "https://a/t", "s", "")),
        ('Basic realm="x", Bearer realm="https://a/t"', ("bearer", "https://a/t", "", "")),
        ('Bearer realm="https://a/t",service="s", Basic realm="x"', ("bearer", "https://a/t", "s", "")),
        ('Basic realm="Bearer realm"', ("basic", "", "", "")),
        ("Basic", ("basic", "", "", "")),
        ("Negotiate", ("", "", "", "")),
        ("Negotiate YWJj==, Basic", ("basic", "", "", "")),
        ('Bearer realm="https://a/t", Digest realm="x", qop="auth"', ("bearer", "https://a/t", "", "")),
        ('Bearer realm = "https://a/t" , scope="a,b \\"c\\""', ("bearer", "https://a/t", "", 'a,b "c"')),
        (
            'Bearer realm="https://a/t",scope="never closed, service=s',
            ("bearer", "https://a/t", "", "never closed, service=s"),
        ),
        ("", ("", "", "", "")),
    ],
)
def test_a_challenge_is_read_whatever_its_order(header: str, challenge: tuple[str, str, str, str]) -> None:
    assert parse_challenge(header) == Challenge(*challenge)


@pytest.mark.parametrize(
    "header",
    [
        "a" * 60_000,
        "Bearer " + "a-" * 30_000,
        '"\\' * 30_000,
        'Bearer realm="' + '\\"' * 30_000,
        "," * 60_000,
        "bearer " * 9_000,
        " " * 60_000,
        "Bearer a=" * 7_000,
        'Bearer realm="x"' + " \t" * 30_000,
    ],
    ids=lambda header: header[:12],
)
def test_a_challenge_is_read_in_a_moment_however_it_is_made(header: str) -> None:
    began = time.process_time()

    parse_challenge(header)

    assert time.process_time() - began < 1
