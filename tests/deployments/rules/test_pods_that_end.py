"""What is said of pods that should be gone and are not, and of new ones that ended early."""

from datetime import UTC, datetime

import pytest

from deployments.clients.cluster import parse
from deployments.rules.new_pods import ended_pod, overdue_pod
from deployments.rules.pods import Pod

NOW = datetime(2026, 11, 22, 10, 10, tzinfo=UTC)


def of_node(node: str, *, stops_at: str) -> Pod:
    return parse.pod(
        {"metadata": {"name": "shop-2", "deletionTimestamp": stops_at}, "spec": {"nodeName": node}}
    )


@pytest.mark.parametrize(
    ("node", "stops_at", "expected"),
    [
        (
            "node-3",
            "2026-11-22T09:58:00Z",
            "Pod shop-2 should have stopped 12 minutes ago. Check its node, node-3.",
        ),
        (
            "",
            "2026-11-22T09:58:00Z",
            "Pod shop-2 should have stopped 12 minutes ago. Check why with kubectl describe pod shop-2.",
        ),
        ("node-3", "2026-11-22T10:30:00Z", ""),
        ("node-3", "2026-11-22T10:09:30Z", ""),
    ],
    ids=["on a lost node", "on none", "within its grace period", "only just"],
)
def test_a_pod_that_cannot_stop_is_named_with_its_node(node: str, stops_at: str, expected: str) -> None:
    assert (
        overdue_pod([parse.pod({"metadata": {"name": "shop-1"}}), of_node(node, stops_at=stops_at)], now=NOW)
        == expected
    )


def left_over(name: str, *, at: str, **status: str) -> Pod:
    metadata = {"name": name, "creationTimestamp": at}
    return parse.pod({"metadata": metadata, "status": {"phase": "Failed"} | status})


def test_how_the_last_new_pod_ended_is_said_and_what_ended_before_is_not() -> None:
    over_its_limit = "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi."
    pods = [
        left_over("shop-a", at="2026-11-22T10:02:00Z", reason="OutOfcpu", message="Node had no CPU."),
        left_over("shop-b", at="2026-11-22T10:04:00Z", reason="Evicted", message=over_its_limit),
        left_over("shop-old", at="2026-11-21T10:04:00Z", reason="NodeShutdown"),
        parse.pod({"metadata": {"name": "shop-c"}, "status": {"phase": "Running"}}),
    ]

    message = ended_pod(pods, since=datetime(2026, 11, 22, 10, 0, tzinfo=UTC))

    assert message == f"Pod shop-b ended as Evicted: {over_its_limit}"
    assert ended_pod(pods[2:], since=datetime(2026, 11, 22, 10, 0, tzinfo=UTC)) == ""
