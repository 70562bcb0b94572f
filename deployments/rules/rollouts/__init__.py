"""Is a rollout done? One ordered judgement for each kind of workload, in a file of its own."""

from collections.abc import Mapping
from typing import Protocol

from deployments.rules.rollouts.deployment import judge_deployment
from deployments.rules.rollouts.rollout import Phase, Rollout
from deployments.rules.workloads import Workload

__all__ = ["JUDGES", "Phase", "Rollout", "judge_rollout"]


class Judge(Protocol):
    def __call__(self, workload: Workload, /, *, container: str, image: str) -> Rollout: ...


JUDGES: Mapping[str, Judge] = {"Deployment": judge_deployment}


def judge_rollout(workload: Workload, *, container: str, image: str) -> Rollout:
    """How the rollout of `image` in that container stands, by the rules of the workload's kind."""
    return JUDGES[workload.kind](workload, container=container, image=image)
