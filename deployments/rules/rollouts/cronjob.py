"""CronJobs: the template is what the next Job runs, so that the rollout is done as soon as it has the images.

Jobs under way keep theirs: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#modifying-a-cronjob.
"""

from collections.abc import Mapping

from deployments.rules.rollouts.rollout import Phase, Rollout, before_counting, with_numbers
from deployments.rules.wording import counted, sentences
from deployments.rules.workloads import Workload


def judge_cron_job(cron_job: Workload, images: Mapping[str, str]) -> Rollout:
    """The status of the rollout of these images, by the container's name."""
    return before_counting(cron_job, images, wanted=0) or with_numbers(
        cron_job, (Phase.COMPLETE, _complete(cron_job)), wanted=0
    )


def _complete(cron_job: Workload) -> str:
    if cron_job.is_suspended:
        taken = "Applied. The CronJob is suspended, so no job starts until it is resumed"
    else:
        taken = "Applied. The next job uses it"
    under_way = len(cron_job.active_jobs)
    if not under_way:
        return sentences(taken)
    goes_on = "keeps its" if under_way == 1 else "keep their"
    return sentences(taken, f"{counted(under_way, 'job')} under way {goes_on} image")
