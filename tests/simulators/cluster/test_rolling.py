"""The arithmetic of rolling updates."""

from typing import Any

from simulators.cluster.rolling import old_sizes


def a_replica_set(name: str, replicas: int, available: int) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"replicas": replicas},
        "status": {"replicas": replicas, "availableReplicas": available},
    }


def a_spec(surge: int, unavailable: int) -> dict[str, Any]:
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {"replicas": 3, "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}


def test_nothing_shrinks_while_the_new_pods_only_start() -> None:
    old, new = a_replica_set("old", 3, 0), a_replica_set("new", 1, 0)

    assert old_sizes(a_spec(1, 0), new, [old]) == {}


def test_unhealthy_old_pods_go_first() -> None:
    broken, healthy = a_replica_set("broken", 1, 0), a_replica_set("healthy", 3, 3)

    assert old_sizes(a_spec(1, 0), a_replica_set("new", 0, 0), [broken, healthy]) == {"broken": 0}


def test_an_old_pod_goes_for_every_new_one_that_is_available() -> None:
    old, new = a_replica_set("old", 3, 3), a_replica_set("new", 1, 1)

    assert old_sizes(a_spec(1, 0), new, [old]) == {"old": 2}


def test_pods_that_are_to_go_already_are_none_to_spare() -> None:
    """Its size was changed just now, and its status lags behind."""
    old, new = a_replica_set("old", 4, 5), a_replica_set("new", 0, 0)

    assert old_sizes(a_spec(1, 0), new, [old]) == {"old": 3}
