"""A new incident is a new file in cases/rollouts: the workload as the API server sent it, and the expected words."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.clients.cluster import parse
from deployments.rules.rollouts import JUDGES, judge_rollout
from deployments.rules.workloads import Workload

CASES = sorted((Path(__file__).parent / "cases" / "rollouts").glob("*.yaml"))
PARSERS = {kind.lower(): parser for kind, parser in parse.WORKLOADS.items()}
"""By the name under which a case has its workload."""


def workload_of(case: dict[str, Any]) -> Workload:
    (name,) = PARSERS.keys() & case.keys()
    return PARSERS[name](case[name])


def images_of(case: dict[str, Any]) -> dict[str, str]:
    return case["images"] if "images" in case else {case["container"]: case["image"]}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_rollout_is_judged_as_its_case_expects(path):
    case = yaml.safe_load(path.read_text(encoding="utf-8"))

    rollout = judge_rollout(workload_of(case), images=images_of(case))

    assert {"phase": rollout.phase, "message": rollout.message, "by": rollout.by} == {"by": ""} | case[
        "expect"
    ]


def test_each_kind_that_is_judged_has_its_cases():
    kinds = {workload_of(yaml.safe_load(path.read_text(encoding="utf-8"))).kind for path in CASES}

    assert kinds == JUDGES.keys()


def test_a_rollout_carries_the_numbers_it_was_judged_by():
    deployment = {
        "metadata": {"name": "cron", "generation": 1},
        "spec": {"replicas": 4, "template": {"spec": {"containers": [{"name": "web", "image": "nginx:2"}]}}},
        "status": {
            "observedGeneration": 1,
            "replicas": 5,
            "updatedReplicas": 3,
            "readyReplicas": 4,
            "availableReplicas": 2,
        },
    }

    rollout = judge_rollout(parse.deployment(deployment), images={"web": "nginx:2"})

    assert (rollout.wanted, rollout.updated, rollout.ready, rollout.available, rollout.old) == (4, 3, 4, 2, 2)


def test_a_deployment_without_any_status_yet_has_not_begun():
    deployment = {
        "metadata": {"name": "cron", "generation": 1},
        "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "nginx:2"}]}}},
    }

    rollout = judge_rollout(parse.deployment(deployment), images={"web": "nginx:2"})

    assert (rollout.phase, rollout.wanted, rollout.updated) == ("progressing", 1, 0)
