"""Whether pods run the build that the registry has under their tag, according to their kubelets.

`imageID` is `repository@sha256:…` from containerd and CRI-O, has `docker-pullable://` before it from cri-dockerd, and is a
bare `sha256:…` for an image without a registry: the digest of its configuration, by which no registry goes. A node that
has a tag does not pull it again when it was pushed again, unless imagePullPolicy is Always:
https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.pods import ContainerStatus, Pod, is_ready
from deployments.rules.wording import some_of
from deployments.rules.workloads import is_same_image

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
    """A judgement; `message` is empty where there is nothing to report."""

    match: DigestMatch
    message: str = ""


def reported_digests(pods: Iterable[Pod], *, container: str) -> frozenset[str]:
    """The digests that ready pods report of that container's image, as far as a registry goes by such."""
    reports = _reports(pods, container=container)
    return frozenset(each for each in (_digest(report, image) for report, image in reports) if each)


def check_digests(pods: Iterable[Pod], *, container: str, same: Collection[str]) -> DigestCheck:
    """Whether the ready ones of `pods` run one of the digests in `same`; empty where no registry could be asked.

    Each is judged by the image that its own spec asks for, since an admission may spell it otherwise than its template.
    """
    reports = _reports(pods, container=container)
    digests = [_digest(report, image) if same else "" for report, image in reports]
    others = [each for each in digests if each and each not in same]
    if others:
        return DigestCheck(DigestMatch.MISMATCH, _other(others, len(reports)))
    names = [
        (report.image, image) for (report, image), digest in zip(reports, digests, strict=True) if not digest
    ]
    odd = next((name for name, image in names if name and not _may_be(name, image)), "")
    if odd:
        return DigestCheck(DigestMatch.UNKNOWN, f"a pod reports to run {odd[:200]}")
    return DigestCheck(DigestMatch.TAG_ONLY if names else DigestMatch.SAME)


def _other(others: Sequence[str], total: int) -> str:
    return (
        f"{some_of(len(others), total, 'ready pod')} of another build ({others[0][:_SHORT_DIGEST]}) than the registry has "
        "under this tag: it was pushed again, and a node that had it did not pull it. "
        "Set imagePullPolicy to Always and try again, or deploy another commit."
    )


def _reports(pods: Iterable[Pod], *, container: str) -> list[tuple[ContainerStatus, str]]:
    """What each ready pod reports about its container, empty where it reports nothing, and the image in its spec."""
    return [
        (pod.statuses.get(container) or ContainerStatus(name=container), each.image)
        for pod in pods
        if is_ready(pod)
        for each in (*pod.init_containers, *pod.containers)
        if each.name == container
    ]


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
    """Whether a status' image name fits: the same, or no more than a digest, as after an upgrade of the runtime.

    Of an image that is pinned by its digest a runtime may name the tag, the digest, or both.
    """
    if is_same_image(name, image) or name.removeprefix("docker://").startswith("sha256:"):
        return True
    try:
        named, asked = parse_image(name), parse_image(image)
    except UnableToParseImage:
        return False
    return (
        named.repository == asked.repository
        and asked.digest is not None
        and named.digest in {None, asked.digest}
    )
