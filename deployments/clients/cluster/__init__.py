"""The cluster, over its own API. Importing this is cheap; the kubernetes package is loaded by `connect`."""

from deployments.clients.cluster.client import Cluster
from deployments.clients.cluster.connection import connect, preload
from deployments.clients.cluster.errors import (
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
