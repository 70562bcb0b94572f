"""A registry that fails, refuses, or sends us elsewhere."""

import email.utils
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.loopback import LoopbackServer, Request, Response
from demo.registry import DemoRegistry
from deployments.registry import Registry, RegistryRateLimited, RegistryRefused, RegistryUnavailable
from deployments.rules.images import ImageReference
from tests.fixtures_registry import PATH, SHA, auth_entry, image_at, write_docker_config


class Elsewhere:
    """Another host, which keeps what it is sent and answers as told."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.response = Response()
        self.server = LoopbackServer(self._answer)
        self.url = f"http://{self.server.host}/elsewhere"

    def _answer(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    other = Elsewhere()
    other.server.start()
    yield other
    other.server.stop()


@pytest.mark.parametrize("host", ["a..example", "x" * 70 + ".example"])
def test_a_host_that_cannot_be_is_unavailable(registry: Registry, host: str) -> None:
    with pytest.raises(RegistryUnavailable, match="cannot be reached: check its name"):
        registry.digest(ImageReference(registry=host, path=PATH, tag=SHA))


@pytest.mark.parametrize("status", [408, 500, 502, 503])
def test_a_failing_registry_is_unavailable(
    demo_registry: DemoRegistry, registry: Registry, status: int
) -> None:
    demo_registry.fail_next(status)

    with pytest.raises(RegistryUnavailable, match=f"fails .{status} .*asked again"):
        registry.digest(image_at(demo_registry))


def test_the_next_question_after_a_failure_is_answered(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    digest = demo_registry.push(PATH, SHA)
    demo_registry.drop_connection(times=1)
    with pytest.raises(RegistryUnavailable, match="cannot be reached"):
        registry.digest(image_at(demo_registry))

    found = registry.digest(image_at(demo_registry))

    assert found == digest


def test_a_registry_that_hangs_is_given_up_on(demo_registry: DemoRegistry) -> None:
    demo_registry.hang(5)

    with (
        Registry(timeout_seconds=0.1) as registry,
        pytest.raises(RegistryUnavailable, match=r"did not answer within 0.1 seconds"),
    ):
        registry.digest(image_at(demo_registry))


def test_a_closed_port_is_unavailable(registry: Registry) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        image = ImageReference(registry=f"127.0.0.1:{taken.getsockname()[1]}", path=PATH, tag=SHA)

        with pytest.raises(RegistryUnavailable, match="cannot be reached"):
            registry.digest(image)


def test_the_rest_that_a_registry_wants_is_told_in_seconds(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    demo_registry.fail_next(429, retry_after=90)

    with pytest.raises(RegistryRateLimited, match=r"asked too often.* 90 seconds") as raised:
        registry.digest(image_at(demo_registry))

    assert raised.value.retry_after_seconds == 90


def test_the_rest_may_be_given_as_a_date(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.fail_next(429, retry_after=email.utils.formatdate(time.time() + 120, usegmt=True))

    with pytest.raises(RegistryRateLimited) as raised:
        registry.digest(image_at(demo_registry))

    assert raised.value.retry_after_seconds == pytest.approx(120, abs=5)


def test_the_rest_may_be_left_out(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.fail_next(429)

    with pytest.raises(RegistryRateLimited) as raised:
        registry.digest(image_at(demo_registry))

    assert raised.value.retry_after_seconds is None


def test_a_refusal_is_in_the_registrys_own_words(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.fail_next(403, times=2)

    with pytest.raises(RegistryRefused) as raised:
        registry.digest(image_at(demo_registry))

    assert raised.value.said == "DENIED: requested access to the resource is denied"


def test_a_refusal_that_means_an_unknown_name_is_none(elsewhere: Elsewhere, registry: Registry) -> None:
    elsewhere.response = Response(status=403, body=b'{"errors": [{"code": "NAME_UNKNOWN"}]}')

    found = registry.digest(ImageReference(registry=elsewhere.server.host, path=PATH, tag=SHA))

    assert found is None


def test_the_digest_is_computed_where_the_registry_leaves_it_out(
    elsewhere: Elsewhere, registry: Registry
) -> None:
    elsewhere.response = Response(body=b"{}")

    found = registry.digest(ImageReference(registry=elsewhere.server.host, path=PATH, tag=SHA))

    assert found == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_a_redirect_is_followed_without_the_credentials(
    demo_registry: DemoRegistry, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    demo_registry.make_private(PATH, "robot", "secret")
    demo_registry.push(PATH, SHA)
    elsewhere.response = Response(headers={"Docker-Content-Digest": "sha256:there"})
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

    with pytest.raises(RegistryUnavailable, match="without end"):
        registry.digest(image_at(demo_registry))
