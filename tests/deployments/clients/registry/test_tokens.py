"""The token dance: when a token is fetched, kept, and fetched again."""

import time

import pytest

from deployments.clients.registry import Registry, RegistryRefused, RegistryUnavailable
from simulators.registry import DemoRegistry
from tests.fixtures_registry import PATH, SHA, image_at


def tokens_fetched(demo_registry: DemoRegistry) -> int:
    return len(demo_registry.requests.matching(path_contains="/token"))


def test_a_token_is_kept_for_its_repository(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.push(PATH, SHA)

    for _ in range(3):
        registry.digest(image_at(demo_registry))

    assert tokens_fetched(demo_registry) == 1


def test_a_token_is_for_one_repository_alone(demo_registry: DemoRegistry, registry: Registry) -> None:
    other = "icco-cloud/writing"
    digests = [demo_registry.push(path, SHA) for path in (PATH, other)]

    found = [registry.digest(image_at(demo_registry, path=path)) for path in (PATH, other)]

    assert (found, tokens_fetched(demo_registry)) == (digests, 2)


def test_a_token_is_fetched_again_before_it_expires(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.tokens.seconds = 6
    demo_registry.push(PATH, SHA)
    registry.digest(image_at(demo_registry))
    time.sleep(3.2)
    demo_registry.requests.clear()

    registry.digest(image_at(demo_registry))

    assert [entry.status for entry in demo_registry.requests] == [401, 200, 200]
    assert demo_registry.requests.entries[0].user == ""


def test_a_token_that_the_registry_forgot_is_replaced_once(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    digest = demo_registry.push(PATH, SHA)
    registry.digest(image_at(demo_registry))
    demo_registry.expire_tokens()

    found = registry.digest(image_at(demo_registry))

    assert (found, tokens_fetched(demo_registry)) == (digest, 2)


def test_access_token_is_read_where_token_is_missing(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.tokens.field = "access_token"
    digest = demo_registry.push(PATH, SHA)

    found = registry.digest(image_at(demo_registry))

    assert found == digest


def test_a_token_of_unknown_life_is_kept_for_a_while(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.tokens.states_expiry = False
    demo_registry.push(PATH, SHA)

    for _ in range(2):
        registry.digest(image_at(demo_registry))

    assert tokens_fetched(demo_registry) == 1


def test_a_token_server_that_sends_no_token_is_unavailable(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    demo_registry.tokens.field = "nothing_known"

    with pytest.raises(RegistryUnavailable, match="answered without a token"):
        registry.digest(image_at(demo_registry))


def test_a_refusing_token_server_is_quoted(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.fail_next(403, path_contains="/token")

    with pytest.raises(RegistryRefused, match="DENIED: requested access to the resource is denied"):
        registry.digest(image_at(demo_registry))
