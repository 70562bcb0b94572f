"""Every example that GitHub publishes of the events that we read, and ten thousand that something has happened to."""

import json
from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from dashboard.hooks.bodies import Body, UnreadableBody, json_in
from dashboard.hooks.doors import limits
from deployments.models import HookDelivery
from deployments.rules.hooks.github import hint_of
from deployments.rules.hooks.matching import understand
from tests.github_hooks import SECRET, deliver, examples

MUTATIONS, BY_HTTP = 10_000, 20
"""One in twenty goes all the way."""
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1e308,
    10**40,
    "",
    "\0",
    "\ud800",
    "x" * 10_000,
    "../..",
    [],
    [[]],
    {},
    {"": {}},
]


@pytest.fixture(autouse=True)
def _open(settings: LazySettings) -> None:
    settings.GITHUB_HOOK_SECRETS = [SECRET]


@pytest.mark.parametrize(("event", "payload"), examples())
def test_each_is_understood(client: Client, event: str, payload: dict[str, Any]) -> None:
    answer = deliver(client, event, payload)

    assert answer.status_code == 202
    row = HookDelivery.objects.get()
    assert (row.event, row.state) == (event, "nothing")
    assert "unknown" not in row.summary
    assert payload.get("repository", {}).get("full_name", "") in row.summary
    assert row.message


@pytest.mark.slow
def test_none_that_was_changed_is_an_error_of_ours(client: Client) -> None:
    chance, statuses = Random(15), set()

    for number in range(MUTATIONS):
        event, payload = chance.choice(examples())
        body = changed(payload, chance)
        if number % BY_HTTP:
            # As the door reads it.
            with suppress(UnreadableBody):
                understand(hint_of(event, json_in(Body([body]))), [])
            continue
        limits.forget()
        statuses.add(deliver(client, event, body).status_code)

    assert statuses <= {202, 400, 403}


def changed(payload: dict[str, Any], chance: Random) -> bytes:
    """Either a few values are others, or a few bytes are."""
    if chance.random() < 0.3:
        body = bytearray(json.dumps(payload).encode())
        for _ in range(chance.randint(1, 4)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        return bytes(body[: chance.randint(len(body) // 2, len(body))] if chance.random() < 0.3 else body)
    copy = json.loads(json.dumps(payload))
    for _ in range(chance.randint(1, 6)):
        holder = copy
        while (
            isinstance(inner := holder[key := chance.choice(list(holder))], dict)
            and inner
            and chance.random() < 0.7
        ):
            holder = inner
        if chance.random() < 0.3 and len(holder) > 1:
            del holder[key]
        else:
            holder[key] = deepcopy(chance.choice(ODD))
    return json.dumps(copy).encode()
