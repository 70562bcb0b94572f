"""One file to install Headway with: `make manifests IMAGE=… HOST=…` writes install.yaml.

The standard library and kubectl (1.21 or newer) are enough, so that no package is fetched for it. The secrets are not in it: a
Job makes them in the cluster. DATABASE_URL, where it is given, is.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from deployments.management.generate_secrets import UnableToGenerate, generated
from deployments.rules.image_prefixes import prefixes_of
from deployments.rules.images import (
    ImageReference,
    ImageTemplate,
    UnableToParseImage,
    UnableToParseTemplate,
    parse_image,
)

CHECKOUT = Path(__file__).resolve().parent.parent
FILE = "install.yaml"
EXAMPLE = "make manifests IMAGE=registry.example.com/my-team/headway:0.1.0 HOST=headway.example.com"
UNSET_IMAGE = "set-the-image.invalid/headway"
_HOST = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_OBJECT = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_ROLE = "headway-worker"
VARIABLES = ("IMAGE", "HOST", "IMAGE_TEMPLATE", "NAMESPACES", "DATABASE_URL", "ISSUER", "POSTGRES_IMAGE")
OF_THE_MAKEFILE = ("PYTHON", "UV", "BIN")

Json = dict[str, Any]


class UnableToWrite(Exception):
    """The sentence says what to give instead."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What a person says of it, checked."""

    image: ImageReference
    host: str
    image_template: str
    namespaces: tuple[str, ...] = ("default",)
    database_url: str = ""
    postgres_image: ImageReference | None = None
    issuer: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """Of the variables that `make manifests` was given. Raises UnableToWrite."""
        _check_known(given.get("MAKEFLAGS", ""))
        image = _image("IMAGE", given)
        if image is None:
            raise UnableToWrite(
                f"IMAGE is not set. Give the image of Headway that your cluster can pull, as in {EXAMPLE}"
            )
        return cls(
            image=image,
            host=_host(given.get("HOST", "").strip().lower()),
            image_template=_template(given.get("IMAGE_TEMPLATE", "").strip(), image),
            namespaces=_namespaces(given.get("NAMESPACES", "").strip() or "default"),
            database_url=_database_url(given.get("DATABASE_URL", "").strip()),
            postgres_image=_image("POSTGRES_IMAGE", given),
            issuer=_issuer(given.get("ISSUER", "").strip()),
        )


def _check_known(makeflags: str) -> None:
    """A variable of make's command line that nothing reads is misspelt: https://www.gnu.org/software/make/manual/html_node/Options_002fRecursion.html"""
    # A space within a value has a backslash before it; quotes are themselves.
    words = re.split(r"(?<!\\) ", makeflags)
    given = words[words.index("--") + 1 :] if "--" in words else []
    names = [name.rstrip(":+?!") for name, equals, _ in (word.partition("=") for word in given) if equals]
    if unknown := [name for name in names if name not in (*VARIABLES, *OF_THE_MAKEFILE)]:
        raise UnableToWrite(f"{unknown[0]} is not known here. There are: {', '.join(VARIABLES)}.")


def _database_url(url: str) -> str:
    try:
        generated(url)
    except UnableToGenerate as error:
        raise UnableToWrite(str(error)) from error
    return url


def _issuer(name: str) -> str:
    if name and not _OBJECT.fullmatch(name):
        raise UnableToWrite(f"ISSUER: “{name}” is not the name of a ClusterIssuer.")
    return name


def _image(variable: str, given: Mapping[str, str]) -> ImageReference | None:
    text = given.get(variable, "").strip()
    try:
        return parse_image(text) if text else None
    except UnableToParseImage as error:
        raise UnableToWrite(f"{variable}: {error}") from error


def _host(host: str) -> str:
    if not host:
        raise UnableToWrite(f"HOST is not set. Give the host name that people will open, as in {EXAMPLE}")
    if not _HOST.fullmatch(host):
        raise UnableToWrite(
            f"HOST: “{host}” is not a host name. Give it without https:// and without a path."
        )
    return host


def _template(text: str, image: ImageReference) -> str:
    """Where the sites' images lie: as given, else beside Headway's own."""
    folder = f"{image.registry}/{image.path}".rpartition("/")[0]
    template = text or f"{folder}/{{repository}}:{{sha}}"
    try:
        ImageTemplate.parse(template)
    except UnableToParseTemplate as error:
        raise UnableToWrite(f"IMAGE_TEMPLATE: {error}") from error
    if not prefixes_of(template):
        raise UnableToWrite(
            "IMAGE_TEMPLATE must name a folder of your own, so that the worker runs nobody else's images. Give it as in "
            "IMAGE_TEMPLATE='registry.example.com/my-team/{repository}:{sha}'."
        )
    return template


def _namespaces(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(each.strip() for each in text.split(",")))
    if wrong := [each for each in names if not _NAMESPACE.fullmatch(each)]:
        raise UnableToWrite(f"NAMESPACES: “{wrong[0]}” is not a namespace. List them like default,sites.")
    return names


def overlay(installation: Installation, *, checkout: str) -> tuple[Json, list[Json]]:
    """Return a kustomization on top of k8s/overlays/install, and the objects that it adds; `checkout` is the way there."""
    added = [*_database(installation.database_url), *_rights(installation.namespaces[1:])]
    parts = [f"{checkout}/k8s/overlays/install"]
    if not installation.database_url:
        parts.append(f"{checkout}/k8s/components/postgres")
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [*parts, *(["added.json"] if added else [])],
        "images": [_replaced(UNSET_IMAGE, installation.image)]
        + ([_replaced("postgres", installation.postgres_image)] if installation.postgres_image else []),
        "configMapGenerator": [_settings(installation)],
        "patches": [*_patches(installation)],
    }
    return kustomization, added


def _replaced(name: str, image: ImageReference) -> Json:
    version = {"digest": image.digest} if image.digest else {"newTag": image.tag or "latest"}
    return {"name": name, "newName": image.repository, **version}


def _settings(installation: Installation) -> Json:
    literals = [
        f"PUBLIC_URL=https://{installation.host}",
        f"IMAGE_TEMPLATE={installation.image_template}",
        f"NAMESPACES={','.join(installation.namespaces)}",
    ]
    return {"name": "headway", "namespace": "headway", "behavior": "merge", "literals": literals}


def _patches(installation: Installation) -> Iterator[Json]:
    host = installation.host
    yield _patch("Ingress", "headway", ("/spec/tls/0/hosts/0", host), ("/spec/rules/0/host", host))
    if installation.issuer:
        annotations = {"cert-manager.io/cluster-issuer": installation.issuer}
        yield _patch("Ingress", "headway", ("/metadata/annotations", annotations), verb="add")
    # A Job's pods never change: another image makes another Job.
    mark = sha256(str(installation.image).encode()).hexdigest()[:8]
    yield _patch("Job", "headway-secrets", ("/metadata/name", f"headway-secrets-{mark}"))
    for kind in ("Role", "RoleBinding"):
        yield _patch(kind, _ROLE, ("/metadata/namespace", installation.namespaces[0]), namespace="default")


def _patch(
    kind: str, name: str, *values: tuple[str, object], verb: str = "replace", namespace: str = "headway"
) -> Json:
    operations = [{"op": verb, "path": path, "value": value} for path, value in values]
    return {"target": {"kind": kind, "name": name, "namespace": namespace}, "patch": json.dumps(operations)}


def _database(url: str) -> Iterator[Json]:
    if url:
        metadata = {"name": "headway-database", "namespace": "headway"}
        yield {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "stringData": {"DATABASE_URL": url},
        }


def _rights(namespaces: tuple[str, ...]) -> Iterator[Json]:
    """The worker's Role in each further namespace, as k8s/base has it in the first."""
    for namespace in namespaces:
        metadata = {"name": _ROLE, "namespace": namespace}
        api = "rbac.authorization.k8s.io"
        yield {"apiVersion": f"{api}/v1", "kind": "Role", "metadata": metadata, "rules": _worker_rules()}
        yield {
            "apiVersion": f"{api}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": api, "kind": "Role", "name": _ROLE},
            "subjects": [{"kind": "ServiceAccount", "name": _ROLE, "namespace": "headway"}],
        }


def _worker_rules() -> list[Json]:
    """Of k8s/base/role.yaml, each of whose lines below `rules:` is JSON but for its name."""
    text = (CHECKOUT / "k8s" / "base" / "role.yaml").read_text().partition("\nrules:\n")[2]
    pairs = [line.strip(" -").split(": ", 1) for line in text.splitlines()]
    values = [(name, json.loads(value)) for name, value in pairs]
    return [dict(values[at : at + 3]) for at in range(0, len(values), 3)]


def build(installation: Installation) -> str:
    """Return all objects as YAML. Raises UnableToWrite where kubectl cannot build them."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise UnableToWrite(
            "kubectl is not installed: https://kubernetes.io/docs/tasks/tools/ (1.21 or newer)."
        )
    state = CHECKOUT / ".headway"
    state.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="manifests-", dir=state) as folder:
        kustomization, added = overlay(installation, checkout="../..")
        Path(folder, "kustomization.yaml").write_text(json.dumps(kustomization))
        Path(folder, "added.json").write_text(
            json.dumps({"apiVersion": "v1", "kind": "List", "items": added})
        )
        command = [kubectl, "kustomize", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnableToWrite(f"kubectl could not build the manifests: {done.stderr.strip()}")
    sys.stderr.write(done.stderr)
    return done.stdout


def main() -> int:
    """Write install.yaml into the present folder, readable by its owner alone: DATABASE_URL may be in it."""
    try:
        installation = Installation.read(os.environ)
        text = build(installation)
    except UnableToWrite as error:
        sys.stderr.write(f"Nothing was written. {error}\n")
        return 1
    file = Path(FILE)
    file.touch(mode=0o600)
    # One that was there already may be readable by others.
    file.chmod(0o600)
    file.write_text(text)
    sys.stdout.write(
        f"{FILE} is written: {installation.image} at https://{installation.host}, with images of sites from "
        f"{installation.image_template}.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
