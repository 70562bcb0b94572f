"""The release job: a Job that must complete before anything is changed, such as a migration of the database."""

from datetime import datetime, timedelta

from deployments.clients.clients import Clients
from deployments.clients.cluster import AlreadyExists, Cluster, ClusterError, NotFound
from deployments.models import Deploy, DeployStep, Kind, Status
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.follow.end import last_lines
from deployments.operations.deploys.patch import Refused, annotations_of, check_guarded, guarded
from deployments.queue import enqueue
from deployments.rules.jobs import Job, JobPhase, job_pods, judge_job
from deployments.rules.targets import WorkloadReference, targets_of
from deployments.rules.wording import duration, sentences
from deployments.rules.workloads import WorkloadKind

LONGEST = timedelta(hours=1)
"""A release job that has not completed by then has failed; its CronJob's activeDeadlineSeconds may say less."""


def release(deploy: Deploy, steps: list[DeployStep], *, cluster: Cluster, now: datetime) -> bool:
    """Begin with the site's release job, where it has one that has not run for this Deploy; return whether it is under way.

    All guards of all workloads come before. A rollback and a restart run none: what it did cannot be undone by it.
    Raises Refused, TryLater.
    """
    is_due = deploy.site.release_job and deploy.kind == Kind.DEPLOY and deploy.patch_sent_at is None
    if not is_due or deploy.released_at:
        return False
    check_guarded(deploy, steps, cluster=cluster, now=now)
    guarded(lambda: _create(deploy, steps[0].namespace, cluster), deploy, now=now)
    message = f"Release job {job_name(deploy)} was created. Nothing else has been changed yet."
    if deploy.move(Status.RELEASING, now=now, message=message, release_started_at=now, denied_since=None):
        enqueue.follow()
    return True


def job_name(deploy: Deploy) -> str:
    """The Job's name in the cluster: the same for every try of one Deploy, so that there is one Job."""
    return f"{deploy.site.release_job}-{deploy.pk}"


def follow_release(deploy: Deploy, *, clients: Clients, now: datetime) -> None:
    """Go on with the Deploy when its release job is complete, end it where that has failed, or note how far it is."""
    steps = list(deploy.steps.all())
    namespace, began = steps[0].namespace, deploy.release_started_at or deploy.requested_at
    try:
        job = clients.cluster.job(namespace, job_name(deploy))
    except NotFound:
        _fail(deploy, f"Job {job_name(deploy)} is gone from namespace {namespace}.", log="", now=now)
        return
    except ClusterError as error:
        if now - began >= LONGEST:
            _fail(deploy, f"How the release job ended is not known: {error}", log="", now=now)
        else:
            deploy.note(
                now=now, message=f"The release job cannot be looked at: {error} Headway keeps trying."
            )
        return
    state = judge_job(job)
    if state.phase is JobPhase.COMPLETE:
        _go_on(deploy, state.message, _log(job, clients.cluster), now=now)
    elif state.phase is JobPhase.FAILED:
        _fail(deploy, state.message, log=_log(job, clients.cluster), now=now)
    elif now - began >= LONGEST:
        late = f"Job {job.name} has not completed within {duration(LONGEST)}, and goes on in the cluster."
        _fail(deploy, late, log=_log(job, clients.cluster), now=now)
    else:
        deploy.note(now=now, message=state.message)


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
        cluster.create_job(cron_job, name=job_name(deploy), images=images, annotations=annotations_of(deploy))
    except AlreadyExists:
        # A worker that has died, or heard no answer, has created it.
        return


def _go_on(deploy: Deploy, message: str, log: str, *, now: datetime) -> None:
    moved = deploy.move(
        Status.QUEUED,
        only_from=(Status.RELEASING,),
        now=now,
        message=sentences(message, "A worker changes the workloads in a moment"),
        released_at=now,
        queued_at=now,
        release_log=log,
    )
    if moved:
        enqueue.start_deploy(deploy.pk)


def _fail(deploy: Deploy, message: str, *, log: str, now: datetime) -> None:
    said = sentences(message, "Nothing else was changed")
    finish(deploy, Ending.RELEASE_FAILED, said, reason="release_job", log=log, release_log=log, now=now)


def _log(job: Job, cluster: Cluster) -> str:
    """What its newest pod printed last; empty where that cannot be read."""
    try:
        pods = job_pods(job, cluster.pods(job.namespace, label_selector=f"job-name={job.name}"))
    except ClusterError:
        return ""
    newest = max(pods, key=lambda pod: (pod.created_at is not None, pod.created_at), default=None)
    if newest is None or not newest.containers:
        return ""
    return last_lines(cluster, job.namespace, pod=newest.name, container=newest.containers[0].name)
