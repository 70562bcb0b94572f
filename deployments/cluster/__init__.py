"""The cluster, over its own API. Importing this is cheap; the kubernetes package is loaded by `connect`."""

from deployments.cluster.client import Cluster
from deployments.cluster.connection import connect, preload
from deployments.cluster.errors import (
    ClusterError,
    ClusterRefused,
    ClusterUnavailable,
    Conflict,
    Expired,
    Invalid,
    NoSuchContainer,
    NotConfigured,
    NotFound,
    Throttled,
)

__all__ = [
    "Cluster",
    "ClusterError",
    "ClusterRefused",
    "ClusterUnavailable",
    "Conflict",
    "Expired",
    "Invalid",
    "NoSuchContainer",
    "NotConfigured",
    "NotFound",
    "Throttled",
    "connect",
    "preload",
]
