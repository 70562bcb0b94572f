"""The manifests, as kubectl builds them."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import need_program

K8S = Path(__file__).resolve().parents[2] / "k8s"
FOLDERS = sorted(str(path.parent.relative_to(K8S)) for path in K8S.rglob("kustomization.yaml"))
INSTALLATIONS = [folder for folder in FOLDERS if not folder.startswith("components/")]

Manifest = dict[str, Any]


@cache
def build(folder: str) -> str:
    """Return what `kubectl kustomize` makes of a folder of k8s/."""
    command = [need_program("kubectl"), "kustomize", str(K8S / folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def manifests(folder: str) -> list[Manifest]:
    """Return its objects, which all tests share."""
    return [each for each in yaml.load_all(build(folder), yaml.CSafeLoader) if each]


def of_kind(folder: str, *kinds: str) -> list[Manifest]:
    return [each for each in manifests(folder) if each["kind"] in kinds]


def named(folder: str, kind: str, name: str) -> Manifest:
    return next(each for each in of_kind(folder, kind) if each["metadata"]["name"] == name)


def pods(folder: str) -> Iterator[tuple[str, Manifest]]:
    """Yield (name, pod spec) of everything that makes pods."""
    for each in of_kind(folder, "Deployment", "StatefulSet", "Job"):
        yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def our_containers(folder: str) -> Iterator[tuple[str, Manifest]]:
    """Yield (Deployment, container) of those that run our image."""
    for name, pod in pods(folder):
        for container in containers(pod):
            if container["image"].partition(":")[0].endswith("/headway"):
                yield name, container
