"""A release job's state in the cluster, and what follows for its Deploy."""

import logging
from datetime import datetime, timedelta

from deployments.clients.clients import Clients
from deployments.clients.cluster import Cluster, ClusterError, NotFound
from deployments.models import Deploy, Status
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.follow.end import last_lines
from deployments.queue import enqueue
from deployments.rules.jobs import Job, JobPhase, job_pods, judge_job, what_keeps
from deployments.rules.pods import Pod, is_active, is_ready
from deployments.rules.wording import duration, sentences

logger = logging.getLogger(__name__)
DETAILS = timedelta(seconds=10)
"""What a Job does within that time needs no explanation."""
LONGEST = timedelta(hours=1)
"""A release job that has not completed by then has failed; its CronJob's activeDeadlineSeconds may say less."""


def follow_release(deploy: Deploy, *, clients: Clients, now: datetime) -> None:
    """Continue the Deploy when its release job is complete, end it where that has failed, or record its progress."""
    namespace, began = deploy.steps.all()[0].namespace, _began(deploy)
    try:
        job = clients.cluster.job(namespace, deploy.release_job_name)
    except NotFound:
        _fail(deploy, f"Job {deploy.release_job_name} is gone from namespace {namespace}.", log="", now=now)
        return
    except ClusterError as error:
        not_read(deploy, str(error), now=now)
        return
    state = judge_job(job)
    if state.phase is JobPhase.COMPLETE:
        _go_on(deploy, state.message, _log(deploy, job, clients.cluster), now=now)
    elif state.phase is JobPhase.FAILED:
        _fail(deploy, state.message, log=_log(deploy, job, clients.cluster), now=now)
    elif now - began >= LONGEST:
        late = f"Job {job.name} has not completed within {duration(LONGEST)} and is still running in the cluster."
        late = sentences(late, _trouble(job, clients.cluster, began, now=now))
        _fail(deploy, late, log=_log(deploy, job, clients.cluster), now=now)
    else:
        deploy.note(now=now, message=sentences(state.message, _trouble(job, clients.cluster, began, now=now)))


def not_read(deploy: Deploy, problem: str, *, now: datetime) -> None:
    """Wait for what could not be read, for as long as for the job itself."""
    if now - _began(deploy) >= LONGEST:
        _fail(deploy, f"How the release job ended is not known: {problem}", log="", now=now)
    else:
        deploy.note(now=now, message=sentences(f"The release job cannot be read: {problem}", "Retrying"))


def _began(deploy: Deploy) -> datetime:
    return deploy.release_started_at or deploy.requested_at


def _go_on(deploy: Deploy, message: str, log: str, *, now: datetime) -> None:
    moved = deploy.move(
        Status.QUEUED,
        only_from=(Status.RELEASING,),
        now=now,
        message=sentences(message, "The workloads are changed next"),
        released_at=now,
        queued_at=now,
        release_log=log,
    )
    if moved:
        enqueue.start_deploy(deploy.pk)


def _fail(deploy: Deploy, message: str, *, log: str, now: datetime) -> None:
    stated = sentences(message, "Nothing else was changed")
    finish(deploy, Ending.RELEASE_FAILED, stated, reason="release_job", log=log, release_log=log, now=now)


def _trouble(job: Job, cluster: Cluster, began: datetime, *, now: datetime) -> str:
    """What keeps the Job from completing; empty where nothing is known of it, or it cannot be read."""
    if now - began < DETAILS:
        return ""
    try:
        pods = _pods(job, cluster)
        late = next((pod.uid for pod in pods if is_active(pod) and not is_ready(pod)), "")
        maker = "" if pods else job.uid
        events = cluster.events(job.namespace, uid=late or maker) if late or maker else []
    except ClusterError as error:
        logger.warning("Release job %s cannot be read completely: %s", job.name, error)
        return ""
    return what_keeps(pods, events, since=began, now=now)


def _pods(job: Job, cluster: Cluster) -> list[Pod]:
    return job_pods(job, cluster.pods(job.namespace, label_selector=f"job-name={job.name}"))


def _log(deploy: Deploy, job: Job, cluster: Cluster) -> str:
    """What the site's container of its newest pod printed last; empty where that cannot be read."""
    try:
        pods = _pods(job, cluster)
    except ClusterError:
        return ""
    newest = max(pods, key=lambda pod: (pod.created_at is not None, pod.created_at), default=None)
    if newest is None or not newest.containers:
        return ""
    ours = (each.name for each in newest.containers if deploy.site.owns(each.image))
    container = next(ours, newest.containers[0].name)
    return last_lines(cluster, job.namespace, pod=newest.name, container=container)
