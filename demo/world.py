"""A matching GitHub, registry, cluster and internet: every site's commits, images, pods and answers."""

import csv
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import yaml

from demo.sites import DemoSites, Page
from deployments.rules.versions import as_image_tag, number_of
from simulators.cluster import HEALTHY, Behaviour, DemoCluster, Mutation
from simulators.cluster.cluster import RBAC
from simulators.cluster.pods import is_active, is_ready
from simulators.github import DemoGitHub, Repository, written_history
from simulators.registry import OCI_MANIFEST, DemoRegistry, Says, labels_of

MANIFESTS = Path(__file__).with_name("manifests")
SITES_CSV = Path(__file__).with_name("sites.csv")
TABLES = (SITES_CSV, SITES_CSV.with_name("apps.csv"))
"""What `import_sites` reads in turn: the second says which sites are more than one Deployment."""
PROJECT = "icco-cloud"
NAMESPACE = "default"
COMMITS = 16
BUILT_COMMITS = 6
SIDECAR = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.18.0"


@dataclass(frozen=True)
class Mapping:
    """A line of sites.csv."""

    host: str
    owner: str
    repository: str
    deployment: str
    branch: str

    @property
    def slug(self) -> str:
        return f"{self.owner}/{self.repository}"


def read_mappings() -> list[Mapping]:
    """Return the 34 real mappings."""
    with SITES_CSV.open(encoding="utf-8") as file:
        return [
            Mapping(row["host"], row["owner"], row["repo"], row["deployment"], row["branch"])
            for row in csv.DictReader(file)
        ]


class World:
    """The external services of Headway on loopback. Every site runs the head of its branch until someone commits."""

    def __init__(
        self,
        mappings: Sequence[Mapping] = (),
        *,
        start_seconds: float = 2.0,
        rbac: Path | tuple[Path, ...] = RBAC,
        mutations: Sequence[Mutation] = (),
        by_label: Collection[str] = (),
        by_release: Collection[str] = (),
        registry: DemoRegistry | None = None,
    ) -> None:
        """`by_label` are the hosts whose pipeline pushes one tag, called like the branch, and labels each build with its commit.

        `by_release` are those whose pipeline builds releases alone, and tags each image with its version. `registry` is where
        they push to, its own DemoRegistry where none is given.
        """
        self.by_label, self.by_release = frozenset(by_label), frozenset(by_release)
        self.mappings = {each.host: each for each in mappings or read_mappings()}
        self.behaviours: dict[str, Behaviour] = {}
        self.github = DemoGitHub()
        self.registry = registry or DemoRegistry()
        self.cluster = DemoCluster(
            image_exists=self._exists,
            behaviour=self._behaviour,
            image_id=self._image_id,
            start_seconds=start_seconds,
            rbac=rbac,
            mutations=mutations,
        )
        self.pages: dict[str, Page] = {}
        """What a host answers whatever its pods are."""
        self.sites = DemoSites(self._page, hosts=self.mappings)
        self._running = ExitStack()

    def start(self) -> Self:
        for server in (self.github, self.registry, self.cluster, self.sites):
            server.start()
            self._running.callback(server.stop)
        for number, (host, mapping) in enumerate(self.mappings.items()):
            if mapping.slug not in self.github.repositories:
                history = written_history(COMMITS, until=datetime.now(UTC) - timedelta(hours=6))
                self.github.repositories.create(mapping.slug, mapping.branch, history=history)
            for number_of_build, commit in enumerate(self.repository(host).graph.commits[-BUILT_COMMITS:]):
                if host in self.by_release:
                    self.release(host, f"v1.{number_of_build}.0", commit.sha)
                else:
                    self.build(host, commit.sha)
            # A sidecar comes first in every fifth: the first container is not always the site's.
            sidecar = {"proxy": SIDECAR} if number % 5 == 0 else {}
            self.cluster.create_deployment(
                NAMESPACE,
                mapping.deployment,
                containers=sidecar | {mapping.deployment: self.image(host)},
                replicas=1 + number % 3,
                settled=True,
            )
        return self

    def stop(self) -> None:
        self._running.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def repository(self, host: str) -> Repository:
        return self.github.repositories[self.mappings[host].slug]

    @property
    def image_template(self) -> str:
        return f"{self.registry.host}/{PROJECT}/{{repository}}:{{sha}}"

    @property
    def version_template(self) -> str:
        """The image template of a site by release."""
        return self.image_template.replace("{sha}", "{version}")

    def image(self, host: str, sha: str = "") -> str:
        """Name the image of a commit; of the head where none is named."""
        return f"{self.registry.host}/{self.path(host)}:{self.tag(host, sha or self.repository(host).head)}"

    def path(self, host: str) -> str:
        """Where the site's images are in the registry."""
        return f"{PROJECT}/{self.mappings[host].repository}".lower()

    def tag(self, host: str, sha: str) -> str:
        """The tag that a build of this commit gets; by release that of its latest version."""
        if host in self.by_release:
            versions = [name for name, tagged in self.repository(host).tags.items() if tagged == sha]
            return as_image_tag(number_of(versions[-1]))
        return (self.mappings[host].branch or "main") if host in self.by_label else sha

    def commit(
        self,
        host: str,
        message: str = "Improve things",
        *,
        built: bool = True,
        checks: str = "SUCCESS",
        files: tuple[str, ...] = ("main.go",),
    ) -> str:
        """Commit to the site's branch, with its image and its CI; return the SHA."""
        sha = self.repository(host).commit(message, files=files)
        self.repository(host).set_checks(sha, checks)
        if built and host not in self.by_release:
            self.build(host, sha)
        return sha

    def release(
        self,
        host: str,
        version: str,
        sha: str = "",
        *,
        built: bool = True,
        prerelease: bool = False,
        annotated: bool = False,
    ) -> str:
        """Publish a release of a commit (default: the head), with its image; return the commit."""
        repository = self.repository(host)
        repository.release(version, sha, prerelease=prerelease, annotated=annotated)
        if built:
            self.build(host, repository.tags[version])
        return repository.tags[version]

    def build(
        self,
        host: str,
        sha: str,
        *,
        after_seconds: float = 0,
        says: Says | None = None,
        media_type: str = OCI_MANIFEST,
    ) -> str:
        """Push the image of a commit, as Cloud Build does some time after it; return its digest.

        `says` is what it says of itself where that is something other than docker/metadata-action's labels.
        """
        labels = labels_of(sha, f"https://github.com/{self.mappings[host].slug}")
        return self.registry.push(
            self.path(host),
            self.tag(host, sha),
            after_seconds=after_seconds,
            says=says or Says(labels),
            media_type=media_type,
        )

    def apply(self, manifests: str, *, image: str, name: str = "shop") -> None:
        """Create what a file of demo/manifests describes, with this image; its objects' names begin with `name`."""
        text = (MANIFESTS / f"{manifests}.yaml").read_text(encoding="utf-8")
        filled_in = text.replace("{image}", image).replace("{name}", name)
        self.cluster.apply(filled_in, namespace=NAMESPACE)

    def expose(self, host: str, *, by: str = "Ingress") -> None:
        """Give the site's Deployment a Service, and the host an Ingress that leads there, an HTTPRoute or a DomainMapping."""
        name = self.mappings[host].deployment
        labels = self.cluster.deployment(NAMESPACE, name)["spec"]["selector"]["matchLabels"]
        front = f"{name}-front"
        service = {"selector": labels, "ports": [{"port": 80}]}
        path = {
            "path": "/",
            "pathType": "Prefix",
            "backend": {"service": {"name": front, "port": {"number": 80}}},
        }
        ingress = {"rules": [{"host": host, "http": {"paths": [path]}}]}
        route = {"hostnames": [host], "rules": [{"backendRefs": [{"name": front, "port": 80}]}]}
        mapping = {"ref": {"apiVersion": "v1", "kind": "Service", "name": front}}
        version, spec = {
            "Ingress": ("networking.k8s.io/v1", ingress),
            "HTTPRoute": ("gateway.networking.k8s.io/v1", route),
            "DomainMapping": ("serving.knative.dev/v1beta1", mapping),
        }[by]
        # A DomainMapping's name is its host.
        things = (
            ("Service", "v1", front, service),
            (by, version, host if by == "DomainMapping" else front, spec),
        )
        for kind, api_version, called, body in things:
            thing = {"apiVersion": api_version, "kind": kind, "metadata": {"name": called}, "spec": body}
            self.cluster.apply(yaml.safe_dump(thing), namespace=NAMESPACE)

    def running_image(self, host: str) -> str:
        """Image that the site's Deployment asks for now."""
        mapping = self.mappings[host]
        spec = self.cluster.deployment(NAMESPACE, mapping.deployment)["spec"]["template"]["spec"]
        return {each["name"]: str(each["image"]) for each in spec["containers"]}[mapping.deployment]

    def settings(self, folder: Path) -> dict[str, str]:
        """Return the environment that points Headway at this world; writes a kubeconfig into `folder`."""
        return {
            "GITHUB_API_URL": self.github.url,
            "GITHUB_TOKEN": self.github.token,
            "KUBECONFIG": str(self.cluster.write_kubeconfig(folder / "kubeconfig")),
            "IMAGE_TEMPLATE": self.image_template,
        } | self.sites.environment(folder)

    def _page(self, host: str, _path: str) -> Page | None:
        """As an ingress does: 502 while no pod is ready, else what the pods answer."""
        mapping = self.mappings.get(host)
        if mapping is None or host in self.pages:
            return self.pages.get(host)
        try:
            pods = self.cluster.pods(NAMESPACE, mapping.deployment)
        except KeyError:
            return Page(status=503)
        images = {
            one["name"]: one["image"]
            for pod in pods
            if is_ready(pod) and is_active(pod)
            for one in pod["spec"]["containers"]
        }
        image = self.cluster.admission.original(images.get(mapping.deployment, ""))
        return Page(status=502) if not image else Page(status=self._behaviour(image).answers)

    def _exists(self, image: str) -> bool:
        return self.registry.has(image) if image.startswith(self.registry.host) else True

    def _image_id(self, image: str) -> str:
        return self.registry.image_id(image)

    def _behaviour(self, image: str) -> Behaviour:
        return self.behaviours.get(image, HEALTHY)
