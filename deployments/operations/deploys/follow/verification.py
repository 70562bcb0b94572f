"""A Deploy's final checks: its pods run the registry's build, not only its tag, and the site's host answers as its mapping expects."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from deployments.clients.registry import Registry, RegistryError
from deployments.clients.site_check import AnswerTooSlow, HostAnswer, SiteCheck, SiteCheckError, UnableToAsk
from deployments.models import Deploy, Kind, Site, Status
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.follow.context import FollowContext
from deployments.operations.deploys.follow.end import last_lines
from deployments.operations.deploys.follow.snapshot import Snapshot
from deployments.rules.digest_check import DigestCheck, DigestMatch, check_digests, reported_digests
from deployments.rules.images import parse_image
from deployments.rules.pods import is_ready
from deployments.rules.wording import sentences

WITHIN = timedelta(seconds=60)
ASK_AGAIN = timedelta(minutes=1)
BUILDS_COMPARED = 4


def verify_digests(snapshots: Sequence[Snapshot], context: FollowContext) -> DigestCheck | None:
    """Compare what all workloads' pods report with the registry, the worst answer first; None while one is missing.

    A restart replaces pods, whatever their tag has come to mean, and is not judged.
    """
    if snapshots[0].deploy.kind == Kind.RESTART:
        return DigestCheck(DigestMatch.TAG_ONLY)
    checks = [
        _verify_digest(snapshot, container, context)
        for snapshot in snapshots
        for container in snapshot.step.containers
    ]
    answered = [each for each in checks if each is not None]
    if others := [each for each in answered if each.match is DigestMatch.MISMATCH]:
        return others[0]
    if len(answered) < len(checks):
        return None
    return max(answered, key=lambda each: bool(each.message), default=DigestCheck(DigestMatch.TAG_ONLY))


def _verify_digest(snapshot: Snapshot, container: str, context: FollowContext) -> DigestCheck | None:
    deploy = snapshot.deploy
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
    """The digests of the tag's build; a sentence where the registry cannot be queried.

    Beside the tag's own digest these are an index' manifests, by which some runtimes go, and whatever shares a part with them: a
    build that was repeated bit by bit may lie under several digests, of which a node reports the first.
    """
    asked = parse_image(image)
    try:
        digest = registry.digest(asked)
        if digest is None:
            return "the registry no longer has it"
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


GRACE_SECONDS = 2


def check_host(snapshots: Sequence[Snapshot], context: FollowContext, *, stayed: str) -> None:
    """Check the host once; a right answer ends the Deploy well, and the third wrong one in a row fails it.

    A host that cannot be asked from here, twice in a row and with no wrong answer before, is no reason to fail.

    `stayed` is the sentence's beginning when all is well, such as `3 pods ready and stable`.
    """
    snapshot = next((each for each in snapshots if each.ready), snapshots[0])
    deploy, site, now = snapshot.deploy, snapshot.deploy.site, snapshot.now
    if not (site.host and site.check_enabled and context.checks_hosts):
        finish(deploy, Ending.SUCCEEDED, f"{stayed}.", now=now)
        return
    if deploy.checked_at and now - deploy.checked_at < context.timeouts.check_host_again:
        return
    answer = context.calls.ask(
        ("check_host", deploy.pk),
        partial(_ask_host, context.clients.site_check, site),
        now=now,
        within=timedelta(seconds=site.check_timeout_seconds + GRACE_SECONDS),
        otherwise=AnswerTooSlow(f"{site.host} did not answer within {site.check_timeout_seconds} seconds."),
    )
    if answer is None:
        return
    if isinstance(answer, HostAnswer) and answer.status == site.check_status:
        message = f"{stayed}. The site answered {answer.status} in {answer.milliseconds} ms."
        finish(deploy, Ending.SUCCEEDED, message, checked_at=now, now=now)
    elif isinstance(answer, UnableToAsk) and not deploy.checks:
        _not_asked(snapshot, answer, stayed=stayed)
    else:
        _wrong(snapshot, context, _in_words(answer, site))


def _not_asked(snapshot: Snapshot, problem: UnableToAsk, *, stayed: str) -> None:
    deploy, now = snapshot.deploy, snapshot.now
    message = sentences(stayed, "The site could not be checked from here", str(problem))
    if deploy.checked_at is None:
        deploy.note(now=now, message=sentences(message, "Trying once more"), checked_at=now)
        return
    remedy = "If it never can be, turn off the check in its mapping"
    finish(deploy, Ending.SUCCEEDED, sentences(message, remedy), checked_at=now, now=now)


def _wrong(snapshot: Snapshot, context: FollowContext, message: str) -> None:
    deploy, now = snapshot.deploy, snapshot.now
    times = deploy.checks + 1
    if times < context.timeouts.host_checks:
        again = f"{message} Retrying ({times} of {context.timeouts.host_checks})."
        deploy.note(now=now, message=again, checks=times, checked_at=now)
        return
    pod, step = next((each for each in snapshot.new_pods if is_ready(each)), None), snapshot.step
    log = (
        last_lines(context.clients.cluster, step.namespace, pod=pod.name, container=step.container)
        if pod
        else ""
    )
    finish(
        deploy, Ending.FAILED, message, reason="wrong_answer", log=log, checks=times, checked_at=now, now=now
    )


def _ask_host(site_check: SiteCheck, site: Site) -> HostAnswer | SiteCheckError:
    try:
        return site_check.get(site.host, path=site.check_path, timeout_seconds=site.check_timeout_seconds)
    except SiteCheckError as error:
        return error


def _in_words(answer: HostAnswer | SiteCheckError, site: Site) -> str:
    if isinstance(answer, SiteCheckError):
        return f"The site does not answer: {answer}"
    if answer.leads_to:
        return (
            f"The site answered {answer.status} and leads to {answer.leads_to[:200]}, which is not followed. "
            f"Expect {answer.status} in its mapping, or correct the redirect."
        )
    return f"The site answered {answer.status} where {site.check_status} is expected. Read its log, or roll back."
