"""A manifest that names a setting, a command, a port, a metric or a path that the code lacks is found here."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from django.test import Client

from dashboard import metrics
from deployments.management.commands.worker import LONGEST_SILENCE_SECONDS
from deployments.management.generate_secrets import generated
from tests.k8s.manifests import (
    FOLDERS,
    INSTALLATIONS,
    K8S,
    containers,
    manifests,
    named,
    of_kind,
    our_containers,
    pods,
)

CHECKOUT = K8S.parent
SETTINGS = (CHECKOUT / "dashboard" / "settings.py").read_text()
PORT = 8000
MEASURE = re.compile(r"headway_[a-z_]+")


def known_settings() -> set[str]:
    return set(re.findall(r'env\.[a-z_]+\(\s*"([A-Z_]+)"', SETTINGS))


def given(folder: str, container: dict[str, Any]) -> Iterator[str]:
    """Yield the names that a container's environment gets from manifests."""
    yield from (each["name"] for each in container.get("env", []))
    for source in container.get("envFrom", []):
        if "configMapRef" in source:
            yield from named(folder, "ConfigMap", source["configMapRef"]["name"])["data"]


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_every_setting_is_read(folder: str) -> None:
    names = {name for _, container in our_containers(folder) for name in given(folder, container)}

    assert names >= {"DATABASE_URL", "SECRET_KEY", "PUBLIC_URL", "IMAGE_TEMPLATE"}
    assert names <= known_settings()


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_a_proxy_is_trusted_where_there_is_an_ingress_and_nowhere_else(folder: str) -> None:
    ingresses = [each for each in manifests(folder) if each["kind"] == "Ingress"]

    (settings,) = [
        each["data"]
        for each in manifests(folder)
        if each["kind"] == "ConfigMap" and "PUBLIC_URL" in each["data"]
    ]

    assert settings.get("TRUSTED_PROXIES") == ("1" if ingresses else None)


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_every_command_can_be_run(folder: str) -> None:
    for _, container in our_containers(folder):
        check_command(container["command"])
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if command := container.get(probe, {}).get("exec", {}).get("command"):
                check_command(command)


def check_command(command: list[str]) -> None:
    match command:
        case ["python", "manage.py", name, *_]:
            assert name in get_commands()
        case ["python", "-m", module, *_]:
            assert callable(importlib.import_module(module).main)
        case ["gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn", "--bind", address]:
            assert address == f"0.0.0.0:{PORT}"
            assert importlib.import_module("dashboard.gunicorn").worker_class
        case _:
            pytest.fail(f"nobody knows {command}")


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_every_port_and_path_that_is_probed_is_answered(folder: str, db: None) -> None:
    (web,) = [each for name, each in our_containers(folder) if each["name"] == "web"]

    assert web["ports"] == [{"name": "http", "containerPort": PORT}]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = web[probe]["httpGet"]
        assert asked["port"] == "http"
        assert Client().get(asked["path"]).status_code == 200
    assert named(folder, "Service", "headway-web")["spec"]["ports"][0]["targetPort"] == "http"
    assert named(folder, "NetworkPolicy", "web")["spec"]["ingress"][0]["ports"][0]["port"] == PORT


@pytest.mark.parametrize("folder", FOLDERS)
def test_nobody_comes_in_who_is_not_named(folder: str) -> None:
    doors = [door for each in of_kind(folder, "NetworkPolicy") for door in each["spec"].get("ingress", [])]

    assert all(door.get("from") and door.get("ports") for door in doors)
    if folder in {"overlays/ingress", "overlays/everything"}:
        (door,) = named(folder, "NetworkPolicy", "ingress")["spec"]["ingress"]
        assert door["ports"] == [{"protocol": "TCP", "port": PORT}]


def test_the_probes_check_the_file_that_the_worker_touches() -> None:
    (worker,) = [each for _, each in our_containers("base") if each["name"] == "worker"]
    (file,) = [each["value"] for each in worker["env"] if each["name"] == "HEARTBEAT_FILE"]
    mounts = [mount["mountPath"] for mount in worker["volumeMounts"] if not mount.get("readOnly")]

    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert worker[probe]["exec"]["command"][3] == file
    assert str(Path(file).parent) in mounts


def test_the_watchdog_acts_before_the_kubelet() -> None:
    (worker,) = [each for _, each in our_containers("base") if each["name"] == "worker"]
    command = worker["livenessProbe"]["exec"]["command"]

    assert float(command[command.index("--within") + 1]) > LONGEST_SILENCE_SECONDS


def test_web_has_time_to_drain() -> None:
    pod = named("base", "Deployment", "headway-web")["spec"]["template"]["spec"]
    graceful = importlib.import_module("dashboard.gunicorn").graceful_timeout
    pause = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])

    assert pod["terminationGracePeriodSeconds"] > graceful + pause


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_every_secret_key_is_one_that_is_generated(folder: str) -> None:
    keys = {
        secret["key"]
        for _, pod in pods(folder)
        for container in containers(pod)
        for variable in container.get("env", [])
        if (secret := variable.get("valueFrom", {}).get("secretKeyRef")) and secret["name"] == "headway"
    }

    assert keys
    assert keys <= generated().keys()


def exposed() -> set[str]:
    """Every measure that /metrics shows, by the names its samples have."""
    families = list(metrics.registry.collect())
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
    return {family.name + suffix for family in families for suffix in suffixes.get(family.type, [""])}


def queried() -> set[str]:
    rules = [
        rule["expr"]
        for each in of_kind("components/prometheus", "PrometheusRule")
        for group in each["spec"]["groups"]
        for rule in group["rules"]
    ]
    dashboard = json.loads((K8S / "components" / "prometheus" / "headway.json").read_text())
    panels = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return set(MEASURE.findall(" ".join([*rules, *panels])))


@pytest.mark.django_db
def test_every_measure_that_alerts_and_dashboard_ask_for_is_exposed() -> None:
    announced_only_once_known = {
        "headway_sync_age_seconds",
        "headway_worker_silence_seconds",
        "headway_github_budget_remaining",
    }

    assert queried() - announced_only_once_known <= exposed()
    assert announced_only_once_known <= set(MEASURE.findall(Path(metrics.__file__).read_text()))


def test_prometheus_asks_where_the_metrics_are() -> None:
    (monitor,) = [each for each in manifests("components/prometheus") if each["kind"] == "ServiceMonitor"]
    service = named("base", "Service", "headway-web")

    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    assert monitor["spec"]["endpoints"][0]["path"] == "/metrics"


def test_the_ingress_leads_to_web_but_for_what_is_internal() -> None:
    (rule,) = named("components/ingress", "Ingress", "headway")["spec"]["rules"]
    leads_to = {
        each["path"]: (each["pathType"], each["backend"]["service"]["name"]) for each in rule["http"]["paths"]
    }
    nowhere = named("components/ingress", "Service", "headway-nowhere")

    assert leads_to.pop("/") == ("Prefix", "headway-web")
    assert leads_to == dict.fromkeys(("/healthz", "/metrics", "/readyz"), ("Exact", "headway-nowhere"))
    assert "selector" not in nowhere["spec"]


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_what_migrates_for_web_reads_what_web_reads(folder: str) -> None:
    """A login that web's Secret enables has its own tables: without them web is never ready."""
    pod = named(folder, "Deployment", "headway-web")["spec"]["template"]["spec"]
    (migrate,) = [each for each in pod["initContainers"] if each["name"] == "migrate"]
    (web,) = [each for each in pod["containers"] if each["name"] == "web"]

    assert migrate["envFrom"] == web["envFrom"]
