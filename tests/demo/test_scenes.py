"""What the demo brings about beside the states that its list begins with."""

import pytest

from demo import scenes
from demo.__main__ import _push_keys
from demo.world import World, read_mappings
from deployments.clients.push import public_half
from tests.processes import eventually


@pytest.fixture
def announced() -> list[str]:
    return []


def test_the_commit_that_is_being_built_passes_its_ci_in_the_end(announced: list[str]) -> None:
    building = [each for each in read_mappings() if each.host == scenes.BUILDING]
    with World(building) as world:
        sha = world.commit(scenes.BUILDING, built=False, checks="PENDING")

        timer = scenes.finish_the_building(world, announced.append, after_seconds=0.01)

        assert eventually(lambda: announced, seconds=30) == [scenes.BUILDING]
        assert world.repository(scenes.BUILDING).checks(sha) == "SUCCESS"
        timer.join()


def test_a_demo_that_is_stopped_earlier_announces_nothing(announced: list[str]) -> None:
    building = [each for each in read_mappings() if each.host == scenes.BUILDING]
    with World(building) as world:
        timer = scenes.finish_the_building(world, announced.append, after_seconds=60)

        timer.cancel()
        timer.join(timeout=30)

    assert announced == []


def test_its_push_keys_fit_and_are_others_in_each_demo() -> None:
    first, second = _push_keys(), _push_keys()

    assert public_half(first["VAPID_PRIVATE_KEY"]) == first["VAPID_PUBLIC_KEY"]
    assert first != second
