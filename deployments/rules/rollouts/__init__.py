"""Is a rollout done? One ordered judgement for each kind of workload, in its own file."""

from collections.abc import Callable, Mapping

from deployments.rules.rollouts.cronjob import judge_cron_job
from deployments.rules.rollouts.daemonset import judge_daemon_set
from deployments.rules.rollouts.deployment import judge_deployment
from deployments.rules.rollouts.rollout import Phase, Rollout
from deployments.rules.rollouts.statefulset import judge_stateful_set
from deployments.rules.workloads import Workload, WorkloadKind

__all__ = ["JUDGES", "Phase", "Rollout", "judge_rollout"]

Judge = Callable[[Workload, Mapping[str, str]], Rollout]
JUDGES: Mapping[str, Judge] = {
    WorkloadKind.DEPLOYMENT: judge_deployment,
    WorkloadKind.STATEFUL_SET: judge_stateful_set,
    WorkloadKind.DAEMON_SET: judge_daemon_set,
    WorkloadKind.CRON_JOB: judge_cron_job,
}


def judge_rollout(workload: Workload, *, images: Mapping[str, str]) -> Rollout:
    """The status of the rollout of these images, by the rules of the workload's kind.

    `images` are those of containers and init containers, by their names; superseded where one of them has another by now.
    """
    return JUDGES[workload.kind](workload, images)
