"""What a test may do in the running installation, beside loading its pages."""

from dataclasses import dataclass

from django_q.models import OrmQ

from demo.world import NAMESPACE, World
from deployments.models import Deploy, Observation
from deployments.queue import enqueue
from tests.processes import eventually

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Installation:
    url: str
    world: World

    def make_ready(self, host: str) -> str:
        """Commit to the site, its image built and its CI green; return the SHA when the house knows it."""
        sha = self.world.commit(host, "Ship this")
        enqueue.sync(names=[host], trigger="person")
        knows = Observation.objects.filter(site__host=host, head_sha=sha, head_image_built=True)
        assert eventually(knows.exists, seconds=60), f"The worker did not observe {host}."
        self.come_to_rest()
        return sha

    def make_all_ready(self) -> list[str]:
        """Commit to every site, each built and green; return their hosts when the house knows it."""
        heads = {host: self.world.commit(host, "Ship this") for host in self.world.mappings}
        enqueue.sync(trigger="person")
        knows = Observation.objects.filter(head_sha__in=heads.values(), head_image_built=True)
        assert eventually(lambda: knows.count() == len(heads), seconds=60), "The worker did not observe all."
        self.come_to_rest()
        return sorted(heads)

    def commit(self, host: str, *, built: bool = True) -> str:
        """Commit to the site; return the SHA when the house knows it."""
        sha = self.world.commit(host, "Ship this", built=built)
        self.sync(host)
        knows = Observation.objects.filter(site__host=host, head_sha=sha, head_image_built=built)
        assert eventually(knows.exists, seconds=60), f"The worker did not observe {host}."
        self.come_to_rest()
        return sha

    def sync(self, host: str) -> None:
        """Let the worker check this site again."""
        enqueue.sync(names=[host], trigger="person")

    def come_to_rest(self) -> None:
        """Wait until the worker has done all that was queued, so that no page changes."""
        assert eventually(lambda: not OrmQ.objects.exists(), seconds=180), "The worker does not come to rest."

    def deploys(self, host: str) -> list[Deploy]:
        return list(Deploy.objects.filter(site__host=host))

    def ready_images(self, host: str) -> set[str]:
        """Images of the site's container in the cluster's ready pods, those on their way out left aside."""
        name = self.world.mappings[host].deployment
        pods = self.world.cluster.pods(NAMESPACE, name)
        return {
            each["image"]
            for pod in pods
            if "deletionTimestamp" not in pod["metadata"]
            for each in pod["status"].get("containerStatuses", [])
            if each["name"] == name and each["ready"]
        }
