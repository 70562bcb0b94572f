"""The outside systems as the settings name them: one client each for a process, made when first used.

Never made before a fork: sockets must not be shared between processes.
"""

from dataclasses import dataclass, field
from functools import cache, cached_property

from django.conf import settings

from deployments.cluster import Cluster, connect
from deployments.github import GitHub
from deployments.registry import Registry
from deployments.web import Web


@dataclass
class Outside:
    github: GitHub
    registry: Registry
    connected: Cluster | None = field(default=None, repr=False)
    web: Web = field(default_factory=Web)

    @cached_property
    def cluster(self) -> Cluster:
        """Raises ClusterError where there is no cluster to connect to; asked again the next time."""
        return self.connected or connect(kubeconfig=settings.KUBECONFIG)


@cache
def from_settings() -> Outside:
    """Return this process' clients."""
    config = settings.DOCKER_CONFIG / "config.json" if settings.DOCKER_CONFIG else None
    return Outside(
        github=GitHub(token=settings.GITHUB_TOKEN, api_url=settings.GITHUB_API_URL),
        registry=Registry(docker_config=config),
    )
