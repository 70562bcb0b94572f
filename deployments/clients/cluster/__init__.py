"""The cluster, over its own API. Importing this is cheap; the kubernetes package is loaded by `connect`."""

from deployments.clients.cluster.client import Cluster
from deployments.clients.cluster.connection import connect, preload
from deployments.clients.cluster.errors import (
    AlreadyExists,
    ClusterError,
    ClusterRefused,
    ClusterUnavailable,
    Conflict,
    DeniedByPolicy,
    DryRunNotSupported,
    Expired,
    Invalid,
    NoSuchContainer,
    NotConfigured,
    NotFound,
    Throttled,
)
from deployments.clients.cluster.lists import Listed, Pods, Workloads

__all__ = [
    "AlreadyExists",
    "Cluster",
    "ClusterError",
    "ClusterRefused",
    "ClusterUnavailable",
    "Conflict",
    "DeniedByPolicy",
    "DryRunNotSupported",
    "Expired",
    "Invalid",
    "Listed",
    "NoSuchContainer",
    "NotConfigured",
    "NotFound",
    "Pods",
    "Throttled",
    "Workloads",
    "connect",
    "preload",
]
