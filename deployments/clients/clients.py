"""The external services as configured: one client each per process, created when first used.

Never made before a fork: sockets must not be shared between processes.
"""

from dataclasses import dataclass, field
from functools import cache, cached_property

from django.conf import settings

from deployments.clients.cluster import Cluster, connect
from deployments.clients.github import AppCredentials, GitHub
from deployments.clients.registry import Registry
from deployments.clients.site_check import SiteCheck


@dataclass
class Clients:
    github: GitHub
    registry: Registry
    connected: Cluster | None = field(default=None, repr=False)
    site_check: SiteCheck = field(default_factory=SiteCheck)

    @classmethod
    @cache
    def from_settings(cls) -> "Clients":
        """This process' clients."""
        config = settings.DOCKER_CONFIG / "config.json" if settings.DOCKER_CONFIG else None
        return cls(
            github=GitHub(
                token=settings.GITHUB_TOKEN,
                tokens=settings.GITHUB_TOKENS,
                app=_app(),
                api_url=settings.GITHUB_API_URL,
                web_url=settings.GITHUB_URL,
            ),
            registry=Registry(docker_config=config, plain_http=frozenset(settings.INSECURE_REGISTRIES)),
        )

    @cached_property
    def cluster(self) -> Cluster:
        """Raises ClusterError where there is no cluster to connect to; tried again the next time."""
        return self.connected or connect(kubeconfig=settings.KUBECONFIG)


def _app() -> AppCredentials | None:
    if not settings.GITHUB_APP_ID:
        return None
    return AppCredentials(settings.GITHUB_APP_ID, settings.GITHUB_APP_PRIVATE_KEY)
