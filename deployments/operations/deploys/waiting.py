"""Deploys that were requested before their image existed: started as soon as it does, timed out otherwise.

The sync, an image's event and the minutely look-up all come to the same `move_on`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from deployments.clients.clients import Clients
from deployments.clients.registry import RegistryError
from deployments.models import Build, Deploy, Observation, Site, Status
from deployments.operations.deploys.finish import Ending, finish
from deployments.queue import enqueue
from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.site_facts import CheckState
from deployments.rules.waiting import ends_the_wait, waits_for
from deployments.rules.wording import duration, short

STILL_WAITING = (Status.WAITING,)


def move_on_where_ready(sites: Iterable[Site], *, now: datetime) -> int:
    """Advance the waiting Deploys of sites with a new observation; return how many advanced. Otherwise runs no SQL query."""
    waiting = [(site, site.observation.latest_deploy) for site in sites]
    return sum(
        _judge(deploy, site.observation, now=now)
        for site, deploy in waiting
        if deploy is not None and deploy.status == Status.WAITING
    )


def check_pending_image(*, deploy_id: int, clients: Clients, now: datetime) -> None:
    """Ask the registry for a waiting Deploy's image, and move the Deploy on where it is there.

    What must be known of GitHub at that moment, the newest head or CI, is asked by a sync of this site, which moves it on.
    """
    deploy = (
        Deploy.objects.select_related("site__observation").filter(pk=deploy_id, status=Status.WAITING).first()
    )
    if deploy is None:
        return
    seen = deploy.site.observation
    _take_newer_head(deploy, seen, now=now)
    try:
        is_built = _is_built(deploy, clients)
    except UnableToParseImage as error:
        finish(deploy, Ending.UNREADABLE, str(error), now=now)
        return
    except RegistryError as error:
        deploy.note(now=now, message=f"{error} Retrying every minute.")
        return
    if is_built is None or (is_built and (deploy.follow_head or deploy.waits_for_ci)):
        enqueue.sync(names=[deploy.site.name], trigger="waiting")
    else:
        check_state = CheckState(seen.check_state) if deploy.sha == seen.head_sha else CheckState.UNKNOWN
        move_on(deploy, is_built=is_built, check_state=check_state, now=now)


def _is_built(deploy: Deploy, clients: Clients) -> bool | None:
    """None where the moving tag leads to a build that only a sync can read. Raises RegistryError, UnableToParseImage."""
    image = parse_image(deploy.image)
    digest = clients.registry.digest(image)
    if not deploy.site.is_by_label or digest is None:
        return digest is not None
    build = Build.objects.filter(repository=image.repository, digest=digest).first()
    if build is None or not build.sha:
        return None
    return build.sha == deploy.sha


def move_on(deploy: Deploy, *, is_built: bool | None, check_state: CheckState, now: datetime) -> bool:
    """Queue a waiting Deploy whose time has come, end one that waits in vain; return whether it was queued by us."""
    if in_vain := ends_the_wait(sha=deploy.sha, check_state=check_state, accepts_red=deploy.accepts_red):
        finish(deploy, Ending.CI_FAILED, in_vain, now=now)
        return False
    missing = waits_for(
        sha=deploy.sha, is_built=is_built, check_state=check_state, waits_for_ci=deploy.waits_for_ci
    )
    if missing:
        deploy.note(now=now, message=missing)
        return False
    with transaction.atomic():
        message = "The image is built. Starting shortly."
        if not deploy.move(Status.QUEUED, only_from=STILL_WAITING, now=now, message=message, queued_at=now):
            return False
        Observation.objects.filter(site=deploy.site_id, head_sha=deploy.sha).update(head_image_built=True)
        enqueue.start_deploy(deploy.pk)
    return True


def take_up_waiting(queued: enqueue.QueuedEntries, *, now: datetime, timeout: timedelta) -> None:
    """Have every waiting Deploy checked, by a task each; end those that have waited for longer than `timeout`."""
    for deploy in Deploy.objects.filter(status=Status.WAITING):
        if now - deploy.requested_at < timeout:
            enqueue.check_pending_image(deploy.pk, unless_in=queued)
            continue
        message = (
            f"Timed out after {duration(timeout)}: the image for {short(deploy.sha)} never appeared. "
            "Check the build, then deploy again."
        )
        finish(deploy, Ending.NEVER_BUILT, message, now=now)


def _judge(deploy: Deploy, seen: Observation, *, now: datetime) -> bool:
    deploy.site = seen.site
    _take_newer_head(deploy, seen, now=now)
    if deploy.sha == seen.head_sha:
        return move_on(
            deploy, is_built=seen.head_image_built, check_state=CheckState(seen.check_state), now=now
        )
    if deploy.waits_for_ci:
        message = (
            f"{short(seen.head_sha)} came before CI had passed on {short(deploy.sha)}. Deploy the newer one."
        )
        finish(deploy, Ending.OVERTAKEN, message, now=now)
    return False


def _take_newer_head(deploy: Deploy, seen: Observation, *, now: datetime) -> None:
    if deploy.follow_head and seen.head_sha not in ("", deploy.sha) and deploy.site.expected_repository:
        image = str(deploy.site.image_for(seen.head_sha))
        deploy.note(now=now, sha=seen.head_sha, headline=seen.head_headline, image=image)
