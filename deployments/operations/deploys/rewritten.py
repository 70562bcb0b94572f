"""Which image was requested, where admission has rewritten it in the workload."""

from datetime import datetime

from django.db.models import Q

from deployments.models import Deploy, DeployStep, Kind, Observation, Site
from deployments.rules.builds import build_token, version_token
from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.ours import is_rewriting_of, marked_by
from deployments.rules.rollbacks import is_of
from deployments.rules.wording import printable
from deployments.rules.workloads import OUR_MANAGER, Workload, all_images, is_same_image


def asked_image(site: Site, workload: Workload, *, container: str) -> str:
    """The image of one of the site's containers as it was requested: by Headway where it is Headway's, in whatever spelling it has now.

    Runs no SQL query where the image is the one that was last accepted.
    """
    present = all_images(workload).get(container, "")
    seen: Observation = site.observation
    if present == seen.desired_image and is_of(seen.requested_image, site.expected_repository):
        return seen.requested_image
    if is_same_image(present, seen.accepted_image) and commit_in(site, present):
        return present
    mark = marked_by(workload, container=container)
    if mark is None:
        # Regardless of who set it: the cluster has rewritten a Deploy's image to this before.
        made_of = _made_of(site, present)
        return made_of if is_of(made_of, site.expected_repository) else present
    last = _last_that_set_an_image(site, mark)
    asked = last.image if last else ""
    return asked if is_of(asked, site.expected_repository) else present


def rewritten_containers(site: Site, workload: Workload) -> frozenset[str]:
    """The containers whose image is the site's, though the cluster has led it to another image repository.

    Whenever Headway writes, a webhook leads other containers' images there, too: so neither the writer nor the mark is enough.
    Runs no SQL query for images that are called otherwise than the site's, nor where the image is the one that was last seen.
    """
    return frozenset(name for name in all_images(workload) if _is_rewritten(site, workload, name))


def _is_rewritten(site: Site, workload: Workload, container: str) -> bool:
    image = all_images(workload)[container]
    if site.owns(image) or not _is_called_alike(site, image):
        return False
    if is_of(image, _mirror_of(site)):
        return True
    mark = marked_by(workload, container=container)
    last = _last_that_set_an_image(site, mark) if mark is not None else None
    if last and is_rewriting_of(image, asked=last.image, digest=last.digest):
        return True
    return is_of(_made_of(site, image), site.expected_repository)


def _mirror_of(site: Site) -> str:
    """The image repository to which the cluster was last seen to lead the site's; empty where it leads it nowhere."""
    seen: Observation | None = getattr(site, "observation", None)
    if seen is None or not is_of(seen.requested_image, site.expected_repository):
        return ""
    try:
        return parse_image(seen.desired_image).repository
    except UnableToParseImage:
        return ""


def _last_that_set_an_image(site: Site, mark: int) -> Deploy | None:
    """What of a site was deployed last when the Deploy `mark` had written, which may be a restart, or another site's."""
    wrote = site.deploys.filter(pk__lte=mark, patch_sent_at__isnull=False)
    return wrote.exclude(kind=Kind.RESTART).first()


def _is_called_alike(site: Site, image: str) -> bool:
    """Whether the last part of its name is that of the site's image, as it is behind every mirror."""
    try:
        path = parse_image(image).path
    except UnableToParseImage:
        return False
    return path.rpartition("/")[2] == site.expected_repository.rpartition("/")[2]


def image_set_as(site: Site, image: str) -> str:
    """The image that a Deploy requested and the cluster rewrote to this one; the image itself where it carries a commit, or none did.

    For images of the site's own pods alone: what admission makes of a pod is recorded nowhere else, and is known by its build or its tag.
    """
    if commit_in(site, image):
        return image
    return _made_of(site, image) or _of_same_build(site, image) or image


def _made_of(site: Site, applied: str) -> str:
    """The image that a Deploy requested and the cluster rewrote to this one, then or later; empty where none did."""
    if not applied:
        return ""
    made_of = site.deploys.filter(applied_image=printable(applied)).values_list("image", flat=True)
    found = DeployStep.objects.filter(deploy__site=site, from_image=printable(applied))
    later = found.exclude(from_requested_image="").order_by("-pk")
    return made_of.first() or later.values_list("from_requested_image", flat=True).first() or ""


def _of_same_build(site: Site, image: str) -> str:
    """The last image that a Deploy set whose digest, or whose tag with a commit, this one has; empty where none did."""
    try:
        reference = parse_image(image)
    except UnableToParseImage:
        return ""
    if not site.expected_repository:
        return ""
    if reference.digest:
        is_same = Q(digest=reference.digest) | Q(image__endswith=f"@{reference.digest}")
    elif reference.tag and site.template.sha_in(reference.tag):
        is_same = Q(image__endswith=f":{reference.tag}")
    else:
        return ""
    wrote = site.deploys.filter(is_same, patch_sent_at__isnull=False)
    return wrote.values_list("image", flat=True).first() or ""


def note_desired(deploy: Deploy, *, now: datetime) -> None:
    """Write into the observation that the site's first workload is asked to run this Deploy's image."""
    Observation.objects.filter(site_id=deploy.site_id).update(
        desired_image=deploy.set_image,
        desired_sha=deploy.sha,
        desired_by=OUR_MANAGER,
        desired_at=now,
        accepted_image=deploy.set_image,
        resource_version="",
        workloads=None,
    )
    update_requested_image(deploy)


def update_requested_image(deploy: Deploy) -> None:
    """Write into the observation what was requested, beside the image that the cluster has from this Deploy."""
    asked = deploy.image if deploy.applied_image else ""
    Observation.objects.filter(site_id=deploy.site_id).update(requested_image=asked)


def commit_in(site: Site, image: str) -> str:
    """Return the commit, 7 to 40 digits, that an image of this site carries; empty for any other image.

    By label it is the build, which `sync/gather_builds.py` knows the commit of, and by release the version (`sync/gather_versions.py`).
    """
    try:
        reference = parse_image(image)
    except UnableToParseImage:
        return ""
    if site.is_by_label and reference.repository in site.image_repositories:
        return build_token(tag=reference.tag, digest=reference.digest)
    if site.is_by_release and reference.repository in site.image_repositories:
        return version_token(reference.tag)
    if not reference.tag or reference.repository not in site.image_repositories:
        return ""
    return site.template.sha_in(reference.tag) or ""
