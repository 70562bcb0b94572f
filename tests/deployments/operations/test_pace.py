"""A registry's limits are waited out, and kept to afterwards."""

import pytest

from deployments.clients.registry import Registry, RegistryRateLimited
from deployments.operations.sync.gather_images import AT_ONCE, RegistryQuestions
from deployments.operations.sync.pace import Pace
from simulators.registry import DemoRegistry
from simulators.registry.failures import Limit
from tests.fixtures_registry import demo_registry, image_at, registry
from tests.manual_clock import Clock, clock

__all__ = ["clock", "demo_registry", "registry"]


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(ends_at=160, clock=clock)


def test_nobody_waits_before_a_limit_is_met(pace: Pace) -> None:
    assert [pace.turn() for _ in range(100)] == [0] * 100


def test_a_limit_is_waited_out_as_the_registry_says(pace: Pace, clock: Clock) -> None:
    pace.note_answer()

    waits = pace.wait_out(20)

    assert waits
    assert pace.turn() == 20
    clock.now += 20
    assert pace.turn() == 0


def test_after_a_limit_questions_are_spread_as_they_were_answered(pace: Pace, clock: Clock) -> None:
    for _ in range(100):
        pace.note_answer()
    clock.now += 5

    pace.wait_out(15)

    clock.now += 15
    assert pace.turn() == 0
    assert pace.turn() == pytest.approx(0.2), "100 in 20 seconds"


def test_who_meets_the_same_limit_at_the_same_time_slows_nothing_down_further(
    pace: Pace, clock: Clock
) -> None:
    for _ in range(100):
        pace.note_answer()
    clock.now += 5
    for _ in range(AT_ONCE):
        pace.wait_out(15)

    clock.now += 15
    pace.turn()

    assert pace.turn() == pytest.approx(0.2)


def test_a_limit_that_is_met_again_halves_the_pace(pace: Pace, clock: Clock) -> None:
    for _ in range(100):
        pace.note_answer()
    pace.wait_out(10)
    clock.now += 10
    for _ in range(100):
        pace.note_answer()

    pace.wait_out(1)

    clock.now += 1
    pace.turn()
    assert pace.turn() == pytest.approx(0.2)


@pytest.mark.parametrize("seconds", [None, 61, 3600])
def test_what_takes_longer_than_the_sync_may_is_not_waited_for(pace: Pace, seconds: float | None) -> None:
    assert not pace.wait_out(seconds)
    assert pace.turn() == 0


def test_a_limit_without_a_time_is_waited_out_briefly_and_not_forever(pace: Pace, clock: Clock) -> None:
    waits = []
    while pace.wait_out_briefly():
        for _ in range(AT_ONCE):
            # They met the same limit.
            assert pace.wait_out_briefly()
        waits.append(pace.turn())
        clock.now += waits[-1]

    assert waits == [0.5, 1, 2, 4]


@pytest.mark.parametrize(("requests", "seconds"), [(1000, 10), (2000, 15), (300, 2)])
def test_5000_questions_fit_into_a_registrys_limit(
    pace: Pace, clock: Clock, requests: int, seconds: int
) -> None:
    limit, answered, refused = Limit(requests, seconds), 0, 0

    while answered < 5000:
        if wait := pace.turn():
            clock.now += wait
            continue
        clock.now += 0.001
        refusal = limit.refusal(clock.now)
        if refusal is None:
            pace.note_answer()
            answered += 1
            continue
        refused += 1
        assert pace.wait_out(float(refusal.headers["Retry-After"])), answered

    assert clock.now < 160
    assert refused <= 10


def test_more_images_than_a_registry_answers_at_once_are_all_reported_in_time(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    images = [image_at(demo_registry, path=f"icco-cloud/site-{each}") for each in range(56)]
    for image in images:
        demo_registry.push(image.path, image.tag or "")
    demo_registry.limit_to(50, seconds=1)
    questions = RegistryQuestions(registry, waits_seconds=30)

    found = questions.digests(images)

    assert all(isinstance(each, str) for each in found.values())
    assert questions.asked <= len(images) + 2 * AT_ONCE


def test_a_limit_longer_than_the_sync_may_wait_ends_that_registry(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    images = [image_at(demo_registry, path=f"icco-cloud/site-{each}") for each in range(60)]
    demo_registry.fail_next(429, times=999, retry_after=60, path_contains="manifests")
    questions = RegistryQuestions(registry, waits_seconds=30)

    found = questions.digests(images)

    assert all(isinstance(each, RegistryRateLimited) for each in found.values())
    assert questions.asked <= AT_ONCE


def test_a_registry_that_says_for_once_that_it_was_asked_too_often_is_asked_again(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    """As Amazon's and GitHub's do for a burst, without saying for how long."""
    image = image_at(demo_registry)
    demo_registry.push(image.path, image.tag or "")
    demo_registry.fail_next(429, path_contains="manifests")

    found = RegistryQuestions(registry, waits_seconds=20).digests([image])

    assert isinstance(found[image], str)
