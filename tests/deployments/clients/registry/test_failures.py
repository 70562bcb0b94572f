"""A registry that fails or refuses."""

import email.utils
import socket
import time

import pytest

from deployments.clients.registry import (
    Registry,
    RegistryError,
    RegistryRateLimited,
    RegistryRefused,
    RegistryUnavailable,
)
from deployments.rules.images import ImageReference
from simulators.loopback import Response
from simulators.registry import OCI_MANIFEST, DemoRegistry
from tests.deployments.clients.registry.conftest import Elsewhere
from tests.fixtures_registry import PATH, SHA, image_at


@pytest.mark.parametrize("host", ["a..example", "x" * 70 + ".example"])
def test_a_host_that_cannot_be_is_unavailable(registry: Registry, host: str) -> None:
    with pytest.raises(RegistryUnavailable, match=r"cannot be reached\. Check its name"):
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


def test_the_rest_that_a_registry_wants_is_reported_in_seconds(
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

    assert raised.value.answer_text == "DENIED: requested access to the resource is denied"


def test_a_refusal_that_means_an_unknown_name_is_none(elsewhere: Elsewhere, registry: Registry) -> None:
    elsewhere.response = Response(status=403, body=b'{"errors": [{"code": "NAME_UNKNOWN"}]}')

    found = registry.digest(ImageReference(registry=elsewhere.server.host, path=PATH, tag=SHA))

    assert found is None


def test_the_digest_is_computed_where_the_registry_leaves_it_out(
    elsewhere: Elsewhere, registry: Registry
) -> None:
    elsewhere.response = Response(headers={"Content-Type": OCI_MANIFEST}, body=b"{}")

    found = registry.digest(ImageReference(registry=elsewhere.server.host, path=PATH, tag=SHA))

    assert found == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    "response",
    [
        Response(status=403, body=b"[" * 100_000),
        Response(status=302, headers={"Location": "http://[::1"}),
        Response(status=401, headers={"WWW-Authenticate": 'Bearer realm="http://[::1"'}),
    ],
    ids=["deep", "redirect", "token server"],
)
def test_garbage_is_an_error_of_that_registrys(
    elsewhere: Elsewhere, registry: Registry, response: Response
) -> None:
    elsewhere.response = response

    with pytest.raises(RegistryError):
        registry.digest(ImageReference(registry=elsewhere.server.host, path=PATH, tag=SHA))


def test_an_answer_that_only_trickles_meets_the_deadline(trickle: str) -> None:
    image = ImageReference(registry=trickle.removeprefix("http://"), path=PATH, tag=SHA)

    with (
        Registry(timeout_seconds=0.3) as registry,
        pytest.raises(RegistryUnavailable, match=r"did not answer within 0.3 seconds"),
    ):
        registry.parts(image)
