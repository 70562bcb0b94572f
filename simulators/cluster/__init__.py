"""A small Kubernetes on loopback: API server, Deployment controller and kubelets, for tests and for `make demo`."""

from simulators.cluster.admission import Mutation, Reverter
from simulators.cluster.behaviour import (
    ANSWERS,
    CRASHES,
    HEALTHY,
    LACKS_CONFIG,
    NOT_ALIVE,
    OOM,
    PULL_DENIED,
    REGISTRY_DOWN,
    SLOW,
    UNREADY,
    UNSCHEDULABLE,
    Behaviour,
)
from simulators.cluster.cluster import DemoCluster
from simulators.cluster.errors import ApiError
from simulators.cluster.request_log import Entry

__all__ = [
    "ANSWERS",
    "CRASHES",
    "HEALTHY",
    "LACKS_CONFIG",
    "NOT_ALIVE",
    "OOM",
    "PULL_DENIED",
    "REGISTRY_DOWN",
    "SLOW",
    "UNREADY",
    "UNSCHEDULABLE",
    "ApiError",
    "Behaviour",
    "DemoCluster",
    "Entry",
    "Mutation",
    "Reverter",
]
