"""A registry that sends us elsewhere gets an answer, and nobody else gets its credentials."""

from pathlib import Path

import pytest

from deployments.clients.registry import Registry, RegistryRefused, RegistryUnavailable
from simulators.loopback import Response
from simulators.registry import OCI_MANIFEST, DemoRegistry
from tests.deployments.clients.registry.conftest import Elsewhere
from tests.fixtures_registry import PATH, SHA, auth_entry, image_at, write_docker_config


def test_a_redirect_is_followed_without_the_credentials(
    demo_registry: DemoRegistry, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    demo_registry.make_private(PATH, "robot", "secret")
    demo_registry.push(PATH, SHA)
    elsewhere.response = Response(
        headers={"Docker-Content-Digest": "sha256:there", "Content-Type": OCI_MANIFEST}
    )
    config = write_docker_config(tmp_path, auths={demo_registry.host: auth_entry("robot", "secret")})

    with Registry(docker_config=config) as registry:
        registry.digest(image_at(demo_registry))
        demo_registry.redirect_next(elsewhere.url)
        found = registry.digest(image_at(demo_registry))

    assert found == "sha256:there"
    assert [request.method for request in elsewhere.requests] == ["HEAD"]
    assert "authorization" not in elsewhere.requests[0].headers


def test_a_token_server_that_redirects_takes_no_password_along(
    demo_registry: DemoRegistry, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    demo_registry.redirect_next(elsewhere.url, path_contains="/token")
    config = write_docker_config(tmp_path, auths={demo_registry.host: auth_entry("robot", "secret")})

    with Registry(docker_config=config) as registry, pytest.raises(RegistryUnavailable):
        registry.digest(image_at(demo_registry))

    assert ["authorization" in request.headers for request in elsewhere.requests] == [False]


def test_a_challenge_from_elsewhere_gets_no_password(
    demo_registry: DemoRegistry, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    demo_registry.redirect_next(elsewhere.url, times=2)
    challenge = f'Bearer realm="{elsewhere.url}",service="evil"'
    elsewhere.response = Response(status=401, headers={"WWW-Authenticate": challenge})
    config = write_docker_config(tmp_path, auths={demo_registry.host: auth_entry("robot", "secret")})

    with Registry(docker_config=config) as registry, pytest.raises(RegistryRefused):
        registry.digest(image_at(demo_registry))

    assert elsewhere.requests
    assert not any("authorization" in request.headers for request in elsewhere.requests)


def test_a_redirect_that_leaves_https_is_not_followed(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    demo_registry.redirect_next("http://registry.example/v2/")

    with pytest.raises(RegistryUnavailable, match="redirects to an address without HTTPS"):
        registry.digest(image_at(demo_registry))


def test_redirects_in_a_circle_end(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.redirect_next("/v2/", times=20)

    with pytest.raises(RegistryUnavailable, match="redirects in a loop"):
        registry.digest(image_at(demo_registry))
