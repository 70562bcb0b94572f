"""Sending a notification: encrypted, signed, and to public addresses only."""

from dataclasses import replace

import pytest

from deployments.clients.push import (
    Browser,
    PushGone,
    PushRefused,
    PushUnavailable,
    Sender,
    SenderAtFault,
    fresh_key_pair,
)
from simulators.push import DemoPush


def sender_for(push: DemoPush, *, private_key: str = "", subject: str = "mailto:a@example.com") -> Sender:
    return Sender(
        private_key=private_key or fresh_key_pair().private,
        subject=subject,
        also={"127.0.0.1"},
        ca_file=push.ca_file,
    )


def test_the_browser_reads_what_was_sent(sender: Sender, push: DemoPush, browser: Browser) -> None:
    sender.send(browser, {"title": "Grüße"})

    assert push.messages == [{"title": "Grüße"}]


def test_it_is_signed_and_lasts_for_hours(sender: Sender, push: DemoPush, browser: Browser) -> None:
    sender.send(browser, {}, topic="deploy-1")

    (headers,) = push.headers
    assert headers["authorization"].startswith("vapid ")
    assert headers["ttl"] == "21600"


@pytest.mark.parametrize(
    "topic", ["deploy-1", "deploy-10", "site-123456", "a topic of more than 32 characters, and ü"]
)
def test_a_topic_of_any_length_is_one_that_apple_decodes(
    sender: Sender, push: DemoPush, browser: Browser, topic: str
) -> None:
    sender.send(browser, {"title": "one"}, topic=topic)

    (headers,) = push.headers
    assert len(headers["topic"]) == 32
    assert push.answers == [201]


def test_one_topic_is_one_and_another_is_another(sender: Sender, push: DemoPush, browser: Browser) -> None:
    for topic in ("deploy-1", "deploy-1", "deploy-2"):
        sender.send(browser, {}, topic=topic)

    first, again, other = (headers["topic"] for headers in push.headers)
    assert first == again != other


@pytest.mark.parametrize(
    "subject",
    [
        "https://headway.example.com:8443",
        "https://headway.example.com/headway/",
        "HTTPS://Headway.example.com",
        " mailto:a@example.com ",
        "a@example.com",
    ],
)
def test_a_contact_is_signed_as_push_services_take_it(push: DemoPush, browser: Browser, subject: str) -> None:
    with sender_for(push, subject=subject) as sender:
        sender.send(browser, {"title": "one"})

    assert push.answers == [201]


@pytest.mark.parametrize("subject", ["", "https://", "https://headway", "tel:112", "nobody"])
def test_a_contact_that_cannot_be_signed_is_our_own_fault(
    push: DemoPush, browser: Browser, subject: str
) -> None:
    with sender_for(push, subject=subject) as sender, pytest.raises(SenderAtFault, match="VAPID_SUBJECT"):
        sender.send(browser, {})


@pytest.mark.parametrize("private_key", ["no-key", "AAAA", "é"])
def test_a_key_that_cannot_be_read_is_our_own_fault_and_not_repeated(
    push: DemoPush, browser: Browser, private_key: str
) -> None:
    with sender_for(push, private_key=private_key) as sender, pytest.raises(SenderAtFault) as raised:
        sender.send(browser, {})

    assert private_key not in str(raised.value)


def test_a_message_that_is_too_long_is_our_own_fault(sender: Sender, browser: Browser) -> None:
    with pytest.raises(SenderAtFault):
        sender.send(browser, {"body": "x" * 4000})


def test_a_refusal_keeps_the_services_words(sender: Sender, push: DemoPush, browser: Browser) -> None:
    push.status, push.reason = 403, "VapidPkHashMismatch"

    with pytest.raises(SenderAtFault, match=r'^403 Forbidden: \{"reason": "VapidPkHashMismatch"\}$'):
        sender.send(browser, {})


def test_an_address_that_cannot_be_signed_for_is_the_browsers_fault(sender: Sender, browser: Browser) -> None:
    with pytest.raises(PushRefused):
        sender.send(replace(browser, endpoint="https://[::1]:9/1"), {})


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_over_is_gone(
    sender: Sender, push: DemoPush, browser: Browser, status: int
) -> None:
    push.status = status

    with pytest.raises(PushGone):
        sender.send(browser, {})


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, SenderAtFault),
        (401, SenderAtFault),
        (403, SenderAtFault),
        (413, SenderAtFault),
        (429, SenderAtFault),
        (405, PushRefused),
        (408, PushUnavailable),
        (503, PushUnavailable),
    ],
)
def test_other_answers_are_distinguished(
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
