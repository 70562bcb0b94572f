"""The release job: a Job that must complete before anything is changed, such as a database migration."""

from collections.abc import Mapping
from datetime import datetime

from deployments.clients.cluster import (
    AlreadyExists,
    Cluster,
    ClusterRefused,
    DeniedByPolicy,
    Invalid,
    NoSuchContainer,
    NotFound,
)
from deployments.models import Deploy, DeployStep, Kind, Status
from deployments.operations.deploys.patch import Refused, annotations_of, check_guarded, guarded
from deployments.operations.deploys.rewritten import rewritten_containers
from deployments.queue import enqueue
from deployments.rules.jobs import Job
from deployments.rules.ours import is_rewriting_of
from deployments.rules.workloads import Workload, WorkloadKind, matching_containers

NOT_CREATED = (ClusterRefused, DeniedByPolicy, Invalid, NoSuchContainer, NotFound)
"""What the cluster answers where it has created nothing, for certain."""


def release(deploy: Deploy, steps: list[DeployStep], *, cluster: Cluster, now: datetime) -> bool:
    """Start the site's release job, where it has one that has not run for this Deploy; return whether it is running.

    All guards of all workloads come before. A rollback and a restart run none: what it did cannot be undone by it.
    Raises Refused, TryLater.
    """
    is_due = deploy.release_cron_job and deploy.kind == Kind.DEPLOY and deploy.patch_sent_at is None
    if not is_due or deploy.released_at:
        return False
    check_guarded(deploy, steps, cluster=cluster, now=now)
    guarded(lambda: _create(deploy, steps[0].namespace, cluster, now=now), deploy, now=now)
    message = f"Release job {deploy.release_job_name} was created. Nothing else has been changed yet."
    if deploy.move(Status.RELEASING, now=now, message=message, release_started_at=now, denied_since=None):
        enqueue.follow()
    return True


def _create(deploy: Deploy, namespace: str, cluster: Cluster, *, now: datetime) -> None:
    cron_job = cluster.workload(WorkloadKind.CRON_JOB, namespace, deploy.release_cron_job)
    images = _images(deploy, cron_job)
    was_tried = deploy.release_started_at is not None
    # Whatever ends it from here on, its sentence says that there may be a Job.
    if not deploy.mark_release_started(now=now):
        raise Refused("Cancelled before anything was changed.")
    name = deploy.release_job_name
    try:
        cluster.create_job(cron_job, name=name, images=images, annotations=annotations_of(deploy))
    except AlreadyExists:
        # A worker that has died, or heard no answer, has created it.
        _check_job(deploy, cluster.job(namespace, name), images)
    except NOT_CREATED:
        if not was_tried:
            deploy.note(now=now, release_job="", release_started_at=None)
        raise


def _images(deploy: Deploy, cron_job: Workload) -> dict[str, str]:
    """What each container gets that runs the site's image. Raises Refused where none does: it is another app's, whatever it is called."""
    if not cron_job.is_suspended:
        raise Refused(
            f"CronJob {cron_job.name} is not suspended: it would run by its schedule, too. Set spec.suspend to true, then deploy."
        )
    site = deploy.site
    found = [each.name for each in matching_containers(cron_job, site.image_repositories)]
    found += rewritten_containers(site, cron_job)
    if not found:
        raise Refused(
            f"No container of CronJob {cron_job.name} runs an image of this site. Correct the mapping's release job."
        )
    return dict.fromkeys(found, str(deploy.image))


def _check_job(deploy: Deploy, job: Job, images: Mapping[str, str]) -> None:
    """Raise Refused where the Job of that name runs something else: it was made by hand, or before the database was restored."""
    template = job.template
    present = {each.name: each.image for each in (*template.init_containers, *template.containers)}
    for name in images:
        if not is_rewriting_of(present.get(name, ""), asked=deploy.image, digest=deploy.digest):
            raise Refused(
                f"Job {job.name} is there already, with another image ({present.get(name, 'none')}). "
                "Delete it, then deploy again."
            )
