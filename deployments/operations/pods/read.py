"""The pods of a site and their logs, as a worker reads them: only those of the site's own workloads, whatever an entry or a row names."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from deployments.clients.clients import Clients
from deployments.clients.cluster import Cluster, ClusterError, NotFound
from deployments.facts import listed_pods_as_json
from deployments.models import ContainerLog, PodCheck, Site
from deployments.rules.pod_list import ListedPod, LogChoice, best_log, listed_pods, log_choices
from deployments.rules.pods import Pod
from deployments.rules.selectors import selector
from deployments.rules.targets import WorkloadReference
from deployments.rules.wording import printable, sentences
from deployments.rules.workloads import Workload, WorkloadKind, owned_pods

LOG_LINES, FEWER_LINES = 200, 20
LONGEST_LOG_BYTES = 64 * 1024


def check_pods(*, site_id: int, clients: Clients, now: datetime) -> None:
    """List the pods of all workloads of a site, and save them. One workload's problem does not affect the others."""
    site = Site.objects.with_workloads().filter(pk=site_id).first()
    if site is None:
        return
    found: list[ListedPod] = []
    problems: list[str] = []
    for reference in site.references:
        try:
            workload, pods = _pods(clients.cluster, reference)
        except ClusterError as error:
            problems.append(str(error))
        else:
            found += listed_pods(workload, pods)
    PodCheck.objects.filter(site=site).update(
        checked_at=now,
        pods=listed_pods_as_json(sorted(found, key=lambda pod: pod.is_well)),
        problem=sentences(*dict.fromkeys(problems)),
    )


def read_log(*, log_id: int, clients: Clients, now: datetime) -> None:
    """Read what was requested, if the pod is one of the site's, and save it."""
    asked = ContainerLog.objects.filter(pk=log_id).first()
    site = Site.objects.with_workloads().filter(pk=asked.site_id).first() if asked else None
    if asked is None or site is None:
        return
    try:
        values = _read(asked, site, clients.cluster)
    except ClusterError as error:
        values = {"problem": sentences(str(error)), "text": ""}
    ContainerLog.objects.filter(pk=log_id).update(read_at=now, **values)


def _read(asked: ContainerLog, site: Site, cluster: Cluster) -> dict[str, object]:
    pod = next(_matching(asked, site, cluster), None)
    if pod is None:
        return {"problem": "The site no longer has this pod. Check its pods again.", "text": ""}
    named = LogChoice(container=asked.container, previous=asked.previous)
    choice = named if named.container else best_log(pod)
    choices = [asdict(each) for each in log_choices(pod)]
    if choice is None:
        problem = "No container of this pod has run yet, so there is no log."
        return {"problem": problem, "text": "", "choices": choices}
    return {
        "text": _last_lines(cluster, pod, choice),
        "problem": "",
        "choices": choices,
        "shown_container": choice.container,
        "shown_previous": choice.previous,
    }


def _matching(asked: ContainerLog, site: Site, cluster: Cluster) -> Iterator[Pod]:
    for reference in site.references:
        if asked.namespace in {"", reference.namespace}:
            try:
                _, pods = _pods(cluster, reference)
            except NotFound:
                continue
            yield from (pod for pod in pods if pod.name == asked.pod)


def _pods(cluster: Cluster, reference: WorkloadReference) -> tuple[Workload, list[Pod]]:
    """A workload with its pods. Raises ClusterError."""
    workload = cluster.workload(reference.kind, reference.namespace, reference.name)
    # A CronJob selects no pods: its Jobs do.
    is_cron_job = reference.kind == WorkloadKind.CRON_JOB
    wanted = "" if is_cron_job else selector(workload.selector)
    pods = cluster.pods(reference.namespace, label_selector=wanted).of_workload(reference.name)
    return workload, owned_pods(workload, pods)


def _last_lines(cluster: Cluster, pod: Pod, choice: LogChoice) -> str:
    """What it printed last, without control characters.

    Of more than 64 KiB the API server leaves out the end, which says most: so fewer lines are requested.
    """
    text = ""
    for lines in (LOG_LINES, FEWER_LINES):
        text = cluster.log(
            pod.namespace, pod.name, container=choice.container, tail_lines=lines, previous=choice.previous
        )
        if len(text.encode()) < LONGEST_LOG_BYTES:
            break
    return printable(text).strip("\n")
