"""How often one address may send messages, and how often wrong ones."""

import pytest

from dashboard.hooks.limits import Limits
from tests.manual_clock import Clock, clock

__all__ = ["clock"]


@pytest.fixture
def limits(clock: Clock) -> Limits:
    return Limits(clock)


def test_an_address_may_send_6000_messages_a_minute(limits: Limits, clock: Clock) -> None:
    within = {limits.seconds_blocked("192.0.2.1") for _ in range(6000)}
    clock.now += 20

    blocked, elsewhere = limits.seconds_blocked("192.0.2.1"), limits.seconds_blocked("192.0.2.2")

    assert (within, blocked, elsewhere) == ({0}, 41, 0)


def test_after_30_refusals_an_address_waits_until_its_minute_is_over(limits: Limits, clock: Clock) -> None:
    for _ in range(29):
        limits.count_refusal("192.0.2.1")
    before = limits.seconds_blocked("192.0.2.1")
    limits.count_refusal("192.0.2.1")

    blocked = limits.seconds_blocked("192.0.2.1")
    clock.now += 59.9
    still = limits.seconds_blocked("192.0.2.1")
    clock.now += 0.1

    assert (before, blocked, still, limits.seconds_blocked("192.0.2.1")) == (0, 61, 1, 0)


@pytest.mark.parametrize(
    ("other", "is_same"), [("2001:db8:0:1:ffff::2", True), ("2001:db8:0:2::1", False), ("192.0.2.1", False)]
)
def test_one_household_s_addresses_count_as_one(limits: Limits, other: str, is_same: bool) -> None:
    for _ in range(30):
        limits.count_refusal("2001:db8:0:1::1")

    assert bool(limits.seconds_blocked(other)) is is_same


def test_a_flood_of_addresses_forgets_those_that_came_first(limits: Limits) -> None:
    for _ in range(30):
        limits.count_refusal("192.0.2.1")
    before = limits.seconds_blocked("192.0.2.1")

    for number in range(10_001):
        limits.count_refusal(f"10.0.{number >> 8}.{number & 255}")

    assert (before > 0, limits.seconds_blocked("192.0.2.1")) == (True, 0)
