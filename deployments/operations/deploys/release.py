"""The release job: a Job that must complete before anything is changed, such as a migration of the database."""

from datetime import datetime

from deployments.clients.cluster import AlreadyExists, Cluster
from deployments.models import Deploy, DeployStep, Kind, Status
from deployments.operations.deploys.patch import Refused, annotations_of, check_guarded, guarded
from deployments.queue import enqueue
from deployments.rules.targets import WorkloadReference, targets_of
from deployments.rules.workloads import WorkloadKind


def release(deploy: Deploy, steps: list[DeployStep], *, cluster: Cluster, now: datetime) -> bool:
    """Begin with the site's release job, where it has one that has not run for this Deploy; return whether it is under way.

    All guards of all workloads come before. A rollback and a restart run none: what it did cannot be undone by it.
    Raises Refused, TryLater.
    """
    is_due = deploy.site.release_job and deploy.kind == Kind.DEPLOY and deploy.patch_sent_at is None
    if not is_due or deploy.released_at:
        return False
    check_guarded(deploy, steps, cluster=cluster, now=now)
    # Whatever ends it from here on, its sentence says that there may be a Job.
    deploy.note(now=now, release_started_at=deploy.release_started_at or now)
    guarded(lambda: _create(deploy, steps[0].namespace, cluster), deploy, now=now)
    message = f"Release job {deploy.release_job_name} was created. Nothing else has been changed yet."
    if deploy.move(Status.RELEASING, now=now, message=message, release_started_at=now, denied_since=None):
        enqueue.follow()
    return True


def _create(deploy: Deploy, namespace: str, cluster: Cluster) -> None:
    site = deploy.site
    reference = WorkloadReference(kind=WorkloadKind.CRON_JOB, namespace=namespace, name=site.release_job)
    cron_job = cluster.workload(reference.kind, namespace, reference.name)
    if not cron_job.is_suspended:
        raise Refused(
            f"CronJob {cron_job.name} is not suspended: it would run by its schedule, too. Set spec.suspend to true, then deploy."
        )
    targets = targets_of(cron_job, reference=reference, repositories=site.image_repositories)
    if not targets:
        raise Refused(
            f"No container of CronJob {cron_job.name} runs an image of this site: correct the mapping's release job."
        )
    images = dict.fromkeys(targets, str(deploy.image))
    try:
        cluster.create_job(
            cron_job, name=deploy.release_job_name, images=images, annotations=annotations_of(deploy)
        )
    except AlreadyExists:
        # A worker that has died, or heard no answer, has created it.
        return
