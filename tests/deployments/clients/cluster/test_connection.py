import subprocess
import sys
import traceback
from pathlib import Path

import pytest
import yaml

from deployments.clients.cluster import ClusterRefused, NotConfigured, connect


def written(demo, path, **user):
    kubeconfig = demo.kubeconfig()
    kubeconfig["users"][0]["user"] = user
    path.write_text(yaml.safe_dump(kubeconfig))
    return path


def plugin(command, **more):
    return {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": command,
        "interactiveMode": "Never",
    } | more


def script(path: Path, line: str) -> str:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o700)
    return str(path)


def test_importing_the_client_loads_neither_kubernetes_nor_urllib3():
    program = (
        "import sys, deployments.clients.cluster; print({'kubernetes', 'urllib3', 'yaml'} & set(sys.modules))"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "set()"


def test_a_kubeconfig_that_is_not_there_is_named():
    with pytest.raises(NotConfigured, match=r"no kubeconfig at /nowhere/config. Correct KUBECONFIG"):
        connect(kubeconfig=Path("/nowhere/config"))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "kind: Config", "\x00", "current-context: a\ncontexts: []\nusers: []"]
)
def test_a_file_that_is_no_kubeconfig_is_refused(tmp_path, text):
    path = tmp_path / "config"
    path.write_text(text)

    with pytest.raises(NotConfigured, match=f"The kubeconfig at {path}"):
        connect(kubeconfig=path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("users:\n  - user:\n      token: hunter2: spare\n", 3),
        ('users:\n  - user: {token: "hunter2}\n', 3),
        ("kind: Config\n\ttoken: hunter2\n", 2),
        ("a: 1\nb: [hunter2\nc: 2\n", 3),
    ],
)
def test_one_with_a_mistake_is_refused_in_one_line_that_quotes_no_token(tmp_path, text, line):
    path = tmp_path / "config"
    path.write_text(text)

    with pytest.raises(NotConfigured, match=rf"cannot be read as YAML from line {line} on\.") as refused:
        connect(kubeconfig=path)

    assert "hunter2" not in "".join(traceback.format_exception(refused.value))
    assert "\n" not in str(refused.value)


def test_outside_a_cluster_and_without_a_kubeconfig_both_ways_are_named(monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    with pytest.raises(NotConfigured, match=r"Set KUBECONFIG .* or run Headway in a pod"):
        connect()


@pytest.mark.parametrize(
    "impersonated",
    [
        {"as": "system:admin"},
        {"as": "deployer", "as-groups": ["system:masters"]},
        {"as-uid": "4711"},
        {"as-groups": ["system:masters"]},
    ],
)
def test_a_kubeconfig_that_impersonates_another_account_is_refused(demo, tmp_path, impersonated):
    kubeconfig = written(demo, tmp_path / "config", token=demo.token(), **impersonated)

    with pytest.raises(NotConfigured) as raised:
        connect(kubeconfig=kubeconfig)

    name, value = next(iter(impersonated.items()))
    assert str(raised.value) == (
        f"The kubeconfig at {kubeconfig} impersonates another account ({name}: {value}), which Headway cannot do. "
        "Use a kubeconfig that signs in as that account."
    )


def test_another_user_of_the_kubeconfig_may_impersonate(demo, tmp_path):
    path = written(demo, tmp_path / "config", token=demo.token())
    kubeconfig = yaml.safe_load(path.read_text())
    kubeconfig["users"].append({"name": "other", "user": {"as": "system:admin"}})
    path.write_text(yaml.safe_dump(kubeconfig))

    with connect(kubeconfig=path) as client:
        name = client.user_name()

    assert name.startswith("system:serviceaccount:")


def test_a_plugin_that_is_not_installed_is_named(demo, tmp_path):
    kubeconfig = written(demo, tmp_path / "config", exec=plugin("no-such-auth-plugin"))

    with pytest.raises(ClusterRefused, match="“no-such-auth-plugin”, which is not installed here"):
        connect(kubeconfig=kubeconfig)


def test_a_plugin_that_gives_no_credentials_is_named(demo, tmp_path):
    command = script(tmp_path / "plugin", "exit 1")
    kubeconfig = written(demo, tmp_path / "config", exec=plugin(command))

    with pytest.raises(ClusterRefused, match=r"gave no credentials\. Run it by hand"):
        connect(kubeconfig=kubeconfig)


def test_a_plugin_signs_in(demo, tmp_path):
    credential = (
        '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", '
        f'"status": {{"token": "{demo.token()}"}}}}'
    )
    command = script(tmp_path / "plugin", f"echo '{credential}'")
    kubeconfig = written(demo, tmp_path / "config", exec=plugin(command))

    with connect(kubeconfig=kubeconfig) as client:
        name = client.user_name()

    assert name.startswith("system:serviceaccount:")


def test_a_user_without_credentials_learns_that_none_were_sent(demo, tmp_path):
    kubeconfig = written(demo, tmp_path / "config")

    with (
        connect(kubeconfig=kubeconfig) as client,
        pytest.raises(ClusterRefused, match=r"given no credentials \(403, system:anonymous\)"),
    ):
        client.workloads("Deployment", "default")
