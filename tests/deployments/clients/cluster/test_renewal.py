"""Credentials that are renewed while the client lives: the ServiceAccount's token, and what a plugin gives."""

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
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
    """The token's file, as it is in a pod; the clock is ours."""
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


def test_its_token_is_read_again_within_a_minute(
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


def test_a_plugin_that_fails_later_is_reported_as_credentials_that_are_not_accepted(
    demo: DemoCluster, tmp_path: Path, given: Path
) -> None:
    with connect(kubeconfig=tmp_path / "config") as client:
        client.user_name()
        given.unlink()
        demo.rotate_token()

        with pytest.raises(ClusterRefused) as refusal:
            client.user_name()

    assert refusal.value.status in {401, 403}


@pytest.fixture
def kubeconfig(demo: DemoCluster, tmp_path: Path) -> Path:
    return demo.write_kubeconfig(tmp_path / "kubeconfig")


def test_a_kubeconfigs_renewed_token_is_read_on_the_first_401(demo: DemoCluster, kubeconfig: Path) -> None:
    with connect(kubeconfig=kubeconfig) as client:
        client.user_name()
        for _ in range(2):
            demo.rotate_token()
            demo.write_kubeconfig(kubeconfig)

            assert client.user_name().startswith("system:serviceaccount:")


def test_threads_that_are_refused_at_once_all_continue(demo: DemoCluster, kubeconfig: Path) -> None:
    with connect(kubeconfig=kubeconfig) as client, ThreadPoolExecutor(8) as threads:
        client.user_name()
        demo.rotate_token()
        demo.write_kubeconfig(kubeconfig)

        names = list(threads.map(lambda _: client.user_name(), range(8)))

    assert all(name.startswith("system:serviceaccount:") for name in names)


def test_a_token_that_is_refused_and_the_same_when_read_again_is_sent_once(
    demo: DemoCluster, kubeconfig: Path
) -> None:
    with connect(kubeconfig=kubeconfig) as client:
        demo.rotate_token()
        demo.requests.clear()

        with pytest.raises(ClusterRefused, match="Renew the token"):
            client.user_name()

    assert len(demo.requests) == 1


def test_a_kubeconfig_that_is_being_written_is_no_other_failure(demo: DemoCluster, kubeconfig: Path) -> None:
    with connect(kubeconfig=kubeconfig) as client:
        demo.rotate_token()
        kubeconfig.write_text("apiVersion: v1")

        with pytest.raises(ClusterRefused) as refusal:
            client.user_name()

    assert refusal.value.status == 401
