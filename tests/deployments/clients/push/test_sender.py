"""Handing a notification over: encrypted, signed, and to public addresses only."""

from dataclasses import replace

import pytest

from deployments.clients.push import (
    Browser,
    PushGone,
    PushRefused,
    PushUnavailable,
    Sender,
    fresh_key_pair,
)
from simulators.push import DemoPush


def test_the_browser_reads_what_was_sent(sender: Sender, push: DemoPush, browser: Browser) -> None:
    sender.send(browser, {"title": "Grüße"})

    assert push.messages == [{"title": "Grüße"}]


def test_it_is_signed_and_lasts_for_hours(sender: Sender, push: DemoPush, browser: Browser) -> None:
    sender.send(browser, {}, topic="deploy-1")

    (headers,) = push.headers
    assert headers["authorization"].startswith("vapid ")
    assert (headers["ttl"], headers["topic"]) == ("21600", "deploy-1")


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_over_is_gone(
    sender: Sender, push: DemoPush, browser: Browser, status: int
) -> None:
    push.status = status

    with pytest.raises(PushGone):
        sender.send(browser, {})


@pytest.mark.parametrize(
    ("status", "error"), [(429, PushUnavailable), (503, PushUnavailable), (403, PushRefused)]
)
def test_other_answers_are_told_apart(
    sender: Sender, push: DemoPush, browser: Browser, status: int, error: type[Exception]
) -> None:
    push.status = status

    with pytest.raises(error):
        sender.send(browser, {})


def test_a_redirect_is_not_followed(sender: Sender, push: DemoPush, browser: Browser) -> None:
    push.status, push.location = 307, push.url

    with pytest.raises(PushRefused):
        sender.send(browser, {})

    assert len(push.bodies) == 1


def test_a_private_address_is_not_reached(push: DemoPush, browser: Browser) -> None:
    key = fresh_key_pair().private
    with (
        Sender(private_key=key, subject="mailto:a@example.com", ca_file=push.ca_file) as sender,
        pytest.raises(PushUnavailable, match="not a public address"),
    ):
        sender.send(browser, {})

    assert push.bodies == []


def test_a_name_of_a_private_address_is_not_reached(push: DemoPush, browser: Browser) -> None:
    key = fresh_key_pair().private
    named = replace(browser, endpoint=browser.endpoint.replace("127.0.0.1", "localhost"))
    with (
        Sender(private_key=key, subject="mailto:a@example.com", ca_file=push.ca_file) as sender,
        pytest.raises(PushUnavailable, match="not a public address"),
    ):
        sender.send(named, {})

    assert push.bodies == []


def test_plain_http_is_refused(sender: Sender, browser: Browser) -> None:
    with pytest.raises(PushRefused):
        sender.send(replace(browser, endpoint="http://push.example.com/1"), {})


def test_keys_that_are_none_are_refused(sender: Sender, browser: Browser) -> None:
    with pytest.raises(PushRefused):
        sender.send(replace(browser, p256dh="AAAA"), {})


def test_a_service_that_is_away_is_unavailable(sender: Sender, browser: Browser) -> None:
    with pytest.raises(PushUnavailable):
        sender.send(replace(browser, endpoint="https://127.0.0.1:1/"), {})
