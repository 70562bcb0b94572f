"""A small Kubernetes on loopback: API server, controllers and kubelets, for tests and for `make demo`."""

from simulators.cluster.admission import Denial, Mutation, Reverter
from simulators.cluster.behaviour import (
    ANSWERS,
    ATTACHES_AFTER,
    CRASHES,
    FAILS_AS_JOB,
    GATE_CLOSED,
    HEALTHY,
    LACKS_CONFIG,
    MOUNTS_AFTER,
    NO_SANDBOX,
    NOT_ALIVE,
    OOM,
    PULL_DENIED,
    PULLS_FOR,
    REGISTRY_DOWN,
    SLOW,
    STUCK,
    UNREADY,
    UNSCHEDULABLE,
    Behaviour,
    Obstacle,
)
from simulators.cluster.cluster import DemoCluster
from simulators.cluster.errors import ApiError
from simulators.cluster.request_log import Entry

__all__ = [
    "ANSWERS",
    "ATTACHES_AFTER",
    "CRASHES",
    "FAILS_AS_JOB",
    "GATE_CLOSED",
    "HEALTHY",
    "LACKS_CONFIG",
    "MOUNTS_AFTER",
    "NOT_ALIVE",
    "NO_SANDBOX",
    "OOM",
    "PULLS_FOR",
    "PULL_DENIED",
    "REGISTRY_DOWN",
    "SLOW",
    "STUCK",
    "UNREADY",
    "UNSCHEDULABLE",
    "ApiError",
    "Behaviour",
    "DemoCluster",
    "Denial",
    "Entry",
    "Mutation",
    "Obstacle",
    "Reverter",
]
