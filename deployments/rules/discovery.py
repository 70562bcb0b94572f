"""Which Deployments could be sites and are none yet: those with a container whose image carries a commit."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from deployments.rules.images import parse_image
from deployments.rules.managers import not_ours_to_change
from deployments.rules.suggestions import image_template_for
from deployments.rules.workloads import Workload, containers


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A container that a mapping could stand for. `repository` is a guess at GitHub's: what its image is called."""

    namespace: str
    deployment: str
    container: str
    image: str
    repository: str
    image_template: str


def candidates(
    deployments: Iterable[Workload], *, namespace: str, mapped: Collection[str]
) -> Iterator[Candidate]:
    """Those of the Deployments, whose names are not `mapped`, in the order of their names; a sidecar's image carries no commit."""
    for deployment in sorted(deployments, key=lambda each: each.name):
        name = deployment.name
        if name in mapped or not_ours_to_change(deployment):
            continue
        for container, image in containers(deployment).items():
            template = image_template_for(image, repository="")
            if template:
                repository = parse_image(image).repository.rpartition("/")[2]
                yield Candidate(
                    namespace=namespace,
                    deployment=name,
                    container=container,
                    image=image,
                    repository=repository,
                    image_template=template,
                )
