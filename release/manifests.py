"""One file to install Headway with: `make manifests IMAGE=… HOST=…` writes install.yaml.

The standard library and kubectl (1.21 or newer) are enough, so that no package is fetched for it. The secrets are not in it: a
Job makes them in the cluster. DATABASE_URL, where it is given, is.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deployments.rules.images import ImageReference
from release.installation import Installation, UnableToWrite

CHECKOUT = Path(__file__).resolve().parent.parent
FILE = "install.yaml"
UNSET_IMAGE = "set-the-image.invalid/headway"
_ROLES = {
    "": ("headway-worker", "base/role.yaml"),
    "routes": ("headway-routes", "components/routes/rights.yaml"),
    "workloads": ("headway-workloads", "components/workloads/rights.yaml"),
}
"""What the worker may do where the sites are, by the component: the Role's name and its file. The first is everyone's."""

Json = dict[str, Any]


def overlay(installation: Installation, *, checkout: str) -> tuple[Json, list[Json]]:
    """Return a kustomization on top of k8s/overlays/install, and the objects that it adds; `checkout` is the way there."""
    added = [*_database(installation.database_url), *_rights(installation)]
    parts = [f"{checkout}/k8s/overlays/install"]
    parts += [f"{checkout}/k8s/components/{each}" for each in installation.components]
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
    if installation.image_prefixes:
        literals.append(f"IMAGE_PREFIXES={','.join(installation.image_prefixes)}")
    return {"name": "headway", "namespace": "headway", "behavior": "merge", "literals": literals}


def _patches(installation: Installation) -> Iterator[Json]:
    host = installation.host
    yield _patch("Ingress", "headway", ("/spec/tls/0/hosts/0", host), ("/spec/rules/0/host", host))
    yield _patch("Ingress", "headway", ("/spec/ingressClassName", installation.ingress_class))
    if installation.issuer:
        # “~1” is a slash: https://www.rfc-editor.org/rfc/rfc6901#section-3
        annotation = "/metadata/annotations/cert-manager.io~1cluster-issuer"
        yield _patch("Ingress", "headway", (annotation, installation.issuer), verb="add")
    namespace = "/spec/ingress/0/from/0/namespaceSelector/matchLabels/kubernetes.io~1metadata.name"
    for policy in ("ingress", "certificate"):
        yield _patch("NetworkPolicy", policy, (namespace, installation.ingress_namespace))
    # A Job's pods never change: another image makes another Job.
    mark = sha256(str(installation.image).encode()).hexdigest()[:8]
    yield _patch("Job", "headway-secrets", ("/metadata/name", f"headway-secrets-{mark}"))
    for kind, (role, _) in product(("Role", "RoleBinding"), _roles(installation)):
        yield _patch(kind, role, ("/metadata/namespace", installation.namespaces[0]), namespace="default")


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


def _roles(installation: Installation) -> list[tuple[str, str]]:
    return [role for component, role in _ROLES.items() if component in ("", *installation.components)]


def _rights(installation: Installation) -> Iterator[Json]:
    """The worker's Roles in each further namespace, as k8s/ has them in the first."""
    for namespace, (role, file) in product(installation.namespaces[1:], _roles(installation)):
        metadata = {"name": role, "namespace": namespace}
        api = "rbac.authorization.k8s.io"
        yield {"apiVersion": f"{api}/v1", "kind": "Role", "metadata": metadata, "rules": _rules(file)}
        yield {
            "apiVersion": f"{api}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": api, "kind": "Role", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": "headway-worker", "namespace": "headway"}],
        }


def _rules(file: str) -> list[Json]:
    """Of a Role in k8s/, each of whose lines below `rules:` is JSON but for its name."""
    text = (CHECKOUT / "k8s" / file).read_text().partition("\nrules:\n")[2].partition("\n---")[0]
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
        f"{installation.image_template}. Its Ingress has the class {installation.ingress_class}, whose controller is in the "
        f"namespace {installation.ingress_namespace}.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
