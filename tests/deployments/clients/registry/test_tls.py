"""What is wrong with TLS is called what it is. 0.0.0.0 leads to this machine, and is no loopback address to the client."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployments.clients.registry import Registry, RegistryUnavailable
from deployments.rules.images import ImageReference
from simulators.cluster.tls import make_tls
from simulators.registry import DemoRegistry
from tests.deployments.clients.registry.real_registry import push, real_host
from tests.fixtures_registry import PATH, SHA

__all__ = ["real_host"]

LONG_AGO = datetime.now(UTC) - timedelta(days=400)


@pytest.fixture
def tls_host(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A host that shakes hands, or breaks off, as the parameter says, and then is silent."""
    authority, context = make_tls(
        [] if request.param == "of another host" else ["0.0.0.0"],
        now=LONG_AGO if request.param == "expired" else None,
    )
    if request.param == "too old":
        context.maximum_version = context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE-ECDSA-AES256-CCM8")
    if request.param != "untrusted":
        (tmp_path / "ca.pem").write_text(authority)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with socket.create_server(("0.0.0.0", 0)) as listener:
        thread = threading.Thread(target=_shake_hands, args=(listener, context))
        thread.start()
        yield f"0.0.0.0:{listener.getsockname()[1]}"
        thread.join()


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    try:
        context.wrap_socket(connection, server_side=True).close()
    except OSError:
        connection.close()


def at(host: str) -> ImageReference:
    return ImageReference(registry=host, path=PATH, tag=SHA)


def test_plain_http_where_tls_was_expected_is_called_that(registry: Registry) -> None:
    with DemoRegistry(auth="none") as demo, pytest.raises(RegistryUnavailable) as raised:
        registry.digest(at(f"0.0.0.0:{demo.port}"))

    assert str(raised.value) == (
        f"0.0.0.0:{demo.port} speaks plain HTTP where TLS was expected. Put TLS before it, or add it to INSECURE_REGISTRIES."
    )


def test_a_real_registry_that_speaks_plain_http_is_called_that(real_host: str, registry: Registry) -> None:
    with pytest.raises(RegistryUnavailable, match="speaks plain HTTP where TLS was expected"):
        registry.digest(at(real_host.replace("127.0.0.1", "0.0.0.0")))


def test_a_registry_that_is_named_for_plain_http_is_asked_by_it(real_host: str) -> None:
    digest = push(real_host, media_type="application/vnd.oci.image.manifest.v1+json")
    host = real_host.replace("127.0.0.1", "0.0.0.0")

    with Registry(plain_http=frozenset({host})) as registry:
        found = registry.digest(at(host))

    assert found == digest


def test_its_token_server_may_speak_plain_http_as_well() -> None:
    with DemoRegistry(auth="token") as demo:
        host = f"0.0.0.0:{demo.port}"
        digest = demo.push(PATH, SHA)

        with Registry(plain_http=frozenset({host})) as registry:
            found = registry.digest(at(host))

    assert found == digest


@pytest.mark.parametrize(
    ("tls_host", "message"),
    [
        ("expired", "shows a certificate that has expired. Renew it there."),
        ("untrusted", "shows a certificate that is not trusted"),
        ("of another host", "shows a certificate that is not trusted"),
        ("too old", "breaks off the TLS handshake"),
    ],
    indirect=["tls_host"],
)
def test_other_faults_of_tls_are_distinguished(tls_host: str, message: str, registry: Registry) -> None:
    with pytest.raises(RegistryUnavailable, match=message):
        registry.digest(at(tls_host))
