"""Do the pods run the build that the registry has under the Deploy's tag? Asked while their stability is watched."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from functools import partial

from deployments.clients.registry import Registry, RegistryError
from deployments.models import Deploy, Kind, Status
from deployments.operations.deploys.follow.context import FollowContext
from deployments.operations.deploys.follow.snapshot import Snapshot
from deployments.rules.digest_check import DigestCheck, DigestMatch, check_digests, reported_digests
from deployments.rules.images import parse_image

WITHIN = timedelta(seconds=60)
ASK_AGAIN = timedelta(minutes=1)
BUILDS_COMPARED = 4


def verify_digest(snapshot: Snapshot, context: FollowContext) -> DigestCheck | None:
    """Compare what the pods report with the registry; None while it has not answered.

    A restart replaces pods, whatever their tag has come to mean, and is not judged.
    """
    deploy, container = snapshot.deploy, snapshot.deploy.site.container
    if deploy.kind == Kind.RESTART:
        return DigestCheck(DigestMatch.TAG_ONLY)
    reported = reported_digests(snapshot.new_pods, container=container)
    answer = context.calls.ask(
        ("build", deploy.pk, reported),
        partial(_same_builds, context.clients.registry, deploy.image, _builds_asked_for(deploy), reported),
        now=snapshot.now,
        within=WITHIN,
        otherwise="no answer",
        keep=ASK_AGAIN,
    )
    if answer is None:
        return None
    known = frozenset() if isinstance(answer, str) else answer
    digest_check = check_digests(snapshot.new_pods, container=container, same=known)
    if isinstance(answer, str) and not digest_check.message:
        return replace(digest_check, message=answer)
    return digest_check


def _builds_asked_for(deploy: Deploy) -> frozenset[str]:
    """What the tag meant when the Deploy began; for a rollback also what it meant when it ran here."""
    builds = {deploy.digest}
    if deploy.kind == Kind.ROLLBACK:
        ran = deploy.site.deploys.filter(image=deploy.image, status=Status.SUCCEEDED)
        builds |= set(ran.values_list("digest", flat=True))
    return frozenset(builds - {""})


def _same_builds(
    registry: Registry, image: str, asked_for: Collection[str], reported: Collection[str]
) -> frozenset[str] | str:
    """The digests that stand for the tag's build; a sentence where the registry cannot be asked.

    Beside the tag's own digest these are an index' manifests, by which some runtimes go, and whatever shares a part with them: a
    build that was repeated bit by bit may lie under several digests, of which a node reports the first.
    """
    asked = parse_image(image)
    try:
        digest = registry.digest(asked)
        if digest is None:
            return "the registry has it no more"
        known = {digest, *asked_for}
        if known.issuperset(reported):
            return frozenset(known)
        known |= registry.parts(asked)
        for each in sorted(set(reported) - known)[:BUILDS_COMPARED]:
            if registry.parts(replace(asked, tag=None, digest=each)) & known:
                known.add(each)
    except (RegistryError, ValueError, OSError) as error:
        return str(error).rstrip(".")
    return frozenset(known)
