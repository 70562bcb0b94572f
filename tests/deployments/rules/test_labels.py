"""Every state and every action has one name, and none is named like another."""

import pytest

from deployments.rules.labels import ACTIONS, NOT_CHECKED, SHORT_ACTIONS, STATES
from deployments.rules.site_state import Action, State


def test_every_state_has_its_own_name() -> None:
    assert STATES.keys() == set(State)
    assert len({*STATES.values(), NOT_CHECKED}) == len(State) + 1


@pytest.mark.parametrize("names", [ACTIONS, SHORT_ACTIONS], ids=["long", "short"])
def test_every_action_has_its_own_name(names: dict[Action, str]) -> None:
    assert names.keys() == set(Action) - {Action.NONE}
    assert len(set(names.values())) == len(names)


def test_ready_alone_is_kubernetes_word() -> None:
    assert "Ready" not in STATES.values()
