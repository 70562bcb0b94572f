"""A new way to be down is a new file in cases/outages: objects as the API server sent them, and the expected words."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.clients.cluster import parse
from deployments.facts import pods_as_json, pods_from_json
from deployments.rules.outages import Outage, PodState, outage_of

CASES = sorted((Path(__file__).parent / "cases" / "outages").glob("*.yaml"))


def stated(outage: Outage) -> dict[str, Any]:
    log = outage.log
    return {
        "reason": outage.reason,
        "message": outage.message,
        "pods": [[pod.status, pod.restarts] for pod in outage.pods],
        "log": [log.pod.rpartition("-")[2], log.container, log.previous] if log else None,
        "unexplained": outage.unexplained,
    }


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_why_a_site_is_down_is_said_as_its_case_expects(path: Path) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))

    outage = outage_of(
        parse.WORKLOADS[case["deployment"].get("kind", "Deployment")](case["deployment"]),
        [parse.pod(each) for each in case["pods"]],
        [parse.event(each) for each in case["events"]],
        container=case["container"],
        now=datetime.fromisoformat(case["now"]),
    )

    assert stated(outage) == case["expect"]


@pytest.mark.parametrize("created_at", [None, datetime(2026, 11, 22, 10, tzinfo=UTC)])
def test_a_pods_state_survives_the_way_through_the_database(created_at: datetime | None) -> None:
    pod = PodState(name="cron-5d4f8c7b9-aaaaa", status="Running", restarts=2, created_at=created_at)

    assert pods_from_json(pods_as_json([pod])) == (pod,)
