"""Whether pods run the build that the registry has under their tag, by what their kubelets report of it.

`imageID` is `repository@sha256:…` from containerd and CRI-O, has `docker-pullable://` before it from cri-dockerd, and is a
bare `sha256:…` for an image without a registry: the digest of its configuration, by which no registry goes. A node that
has a tag does not pull it again when it was pushed anew, unless imagePullPolicy is Always:
https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.pods import ContainerStatus, Pod, is_ready
from deployments.rules.wording import some_of
from deployments.rules.workloads import is_same_image, runs_image

_SCHEMES = ("docker-pullable://", "docker://")
_SHORT_DIGEST = len("sha256:") + 12


class DigestMatch(StrEnum):
    """What the reports amount to. NAMED: no digest to compare, and the name is right; UNKNOWN: the name is another."""

    SAME = "same"
    TAG_ONLY = "tag_only"
    UNKNOWN = "unknown"
    MISMATCH = "mismatch"


@dataclass(frozen=True)
class DigestCheck:
    """A judgement; `message` is empty where there is nothing to tell."""

    match: DigestMatch
    message: str = ""


def reported_digests(pods: Iterable[Pod], *, container: str, image: str) -> frozenset[str]:
    """The digests that ready pods report of `image` in that container, as far as a registry goes by such."""
    reports = _reports(pods, container=container, image=image)
    return frozenset(each for each in (_digest(report, image) for report in reports) if each)


def check_digests(pods: Iterable[Pod], *, container: str, image: str, same: Collection[str]) -> DigestCheck:
    """Whether the ready pods of `image` run one of the digests in `same`; empty where no registry could be asked."""
    reports = _reports(pods, container=container, image=image)
    digests = [_digest(each, image) if same else "" for each in reports]
    others = [each for each in digests if each and each not in same]
    if others:
        return DigestCheck(DigestMatch.MISMATCH, _other(others, len(reports)))
    names = [each.image for each, digest in zip(reports, digests, strict=True) if not digest]
    odd = next((name for name in names if name and not _may_be(name, image)), "")
    if odd:
        return DigestCheck(DigestMatch.UNKNOWN, f"a pod reports to run {odd[:200]}")
    return DigestCheck(DigestMatch.TAG_ONLY if names else DigestMatch.SAME)


def _other(others: Sequence[str], total: int) -> str:
    return (
        f"{some_of(len(others), total, 'ready pod')} of another build ({others[0][:_SHORT_DIGEST]}) than the registry has "
        "under this tag: it was pushed anew, and a node that had it did not pull it again. "
        "Set imagePullPolicy to Always and try again, or deploy another commit."
    )


def _reports(pods: Iterable[Pod], *, container: str, image: str) -> list[ContainerStatus]:
    """What each ready pod of the image says of its container; empty where it says nothing."""
    ready = (pod for pod in pods if is_ready(pod) and runs_image(pod, container=container, image=image))
    return [pod.statuses.get(container) or ContainerStatus(name=container) for pod in ready]


def _digest(report: ContainerStatus, image: str) -> str:
    """The digest that it was pulled by; empty where that is of another image repository, or none a registry knows.

    Of several names for one content a container runtime reports whichever comes first: another repository's proves nothing.
    """
    image_id = report.image_id
    for scheme in _SCHEMES:
        image_id = image_id.removeprefix(scheme)
    try:
        digest_check, asked = parse_image(image_id), parse_image(image)
    except UnableToParseImage:
        return ""
    return digest_check.digest or "" if digest_check.repository == asked.repository else ""


def _may_be(name: str, image: str) -> bool:
    """Whether a status' image name fits: the same, or no more than a digest, as after an upgrade of the runtime."""
    return is_same_image(name, image) or name.removeprefix("docker://").startswith("sha256:")
