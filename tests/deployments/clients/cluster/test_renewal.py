"""Credentials that are renewed while the client lives: the ServiceAccount's token, and what a plugin gives."""

import datetime as dt
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from kubernetes.config import incluster_config

from deployments.clients.cluster import ClusterRefused, connect
from simulators.cluster import DemoCluster
from tests.deployments.clients.cluster.test_connection import plugin, script, written


class Clock(dt.datetime):
    """The kubernetes package's, which a test may put forward."""

    ahead = dt.timedelta(0)

    @classmethod
    def now(cls, tz=None):
        return dt.datetime.now(tz) + cls.ahead


@pytest.fixture
def service_account(demo: DemoCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The token's file, as it lies in a pod; the clock is ours."""
    token, authority = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text(demo.token())
    authority.write_text(demo.ca_pem)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(demo.port))
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(authority))
    clock = SimpleNamespace(datetime=Clock, timedelta=dt.timedelta)
    monkeypatch.setattr(incluster_config, "datetime", clock)
    monkeypatch.setattr(Clock, "ahead", dt.timedelta(0))
    return token


def credential(token: str, *, lives: dt.timedelta) -> str:
    until = (dt.datetime.now(dt.UTC) + lives).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"token": token, "expirationTimestamp": until}
    return json.dumps(
        {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    )


@pytest.fixture
def given(demo: DemoCluster, tmp_path: Path) -> Path:
    """What the plugin of the kubeconfig `config` prints: at first a token that has expired."""
    given = tmp_path / "given.json"
    given.write_text(credential(demo.token(), lives=dt.timedelta(seconds=-1)))
    written(demo, tmp_path / "config", exec=plugin(script(tmp_path / "plugin", f"cat '{given}'")))
    return given


def test_in_a_pod_the_service_account_signs_in(service_account: Path) -> None:
    with connect() as client:
        assert client.user_name().startswith("system:serviceaccount:")


def test_its_token_is_read_anew_within_a_minute(
    demo: DemoCluster, service_account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect() as client:
        client.user_name()
        service_account.write_text(demo.rotate_token())
        monkeypatch.setattr(Clock, "ahead", dt.timedelta(seconds=61))

        assert client.user_name().startswith("system:serviceaccount:")


def test_a_plugin_is_run_again_when_its_token_has_expired(
    demo: DemoCluster, tmp_path: Path, given: Path
) -> None:
    with connect(kubeconfig=tmp_path / "config") as client:
        client.user_name()
        given.write_text(credential(demo.rotate_token(), lives=dt.timedelta(hours=1)))

        assert client.user_name().startswith("system:serviceaccount:")


def test_a_plugin_that_fails_later_is_told_as_credentials_that_are_not_accepted(
    demo: DemoCluster, tmp_path: Path, given: Path
) -> None:
    with connect(kubeconfig=tmp_path / "config") as client:
        client.user_name()
        given.unlink()
        demo.rotate_token()

        with pytest.raises(ClusterRefused) as refusal:
            client.user_name()

    assert refusal.value.status in {401, 403}
