"""An app of several workloads, and the cluster's truth about them: which containers are asked to run, or run, which image."""

from collections import Counter

from demo.world import NAMESPACE, World
from deployments.models import Site
from deployments.operations.sites.save import save_workloads
from deployments.rules.targets import WorkloadReference, parse_references
from simulators.cluster.kinds import PODS, Json, pod_template
from simulators.cluster.pods import is_active
from simulators.cluster.selectors import matches_selector

EVERY_KIND = "Deployment shop-web; StatefulSet shop-worker; DaemonSet shop-cache; CronJob shop-report"
THREE = "Deployment shop-web; StatefulSet shop-worker; CronJob shop-report"


def map_shop(world: World, host: str, workloads: str = THREE, **values: object) -> Site:
    """Map the site to workloads of demo/manifests, which run its head."""
    for name in ("app_of_one_image", "release_job"):
        world.apply(name, image=world.image(host))
    world.cluster.settle_now()
    site = Site.objects.get(host=host)
    save_workloads(site, parse_references(workloads, namespace=NAMESPACE))
    Site.objects.filter(pk=site.pk).update(check_enabled=False, **values)
    site.refresh_from_db()
    return site


def at_another_image(world: World, site: Site, image: str) -> list[str]:
    """The containers and init containers of the site's app, in templates and in pods that serve, that have another image than this."""
    return [
        f"{one['name']} of {name}: {one['image']}"
        for name, spec in _pod_specs(world, site.references)
        for one in (*spec.get("initContainers", ()), *spec["containers"])
        if _is_of(world, one["image"], image) and world.cluster.admission.original(one["image"]) != image
    ]


def changes(world: World) -> Counter[str]:
    """How often each workload was changed, and how many Jobs were made, since the log was cleared."""
    return Counter(
        each.path.rpartition("/")[2]
        for each in world.cluster.requests
        if each.method in {"PATCH", "POST"} and "dryRun" not in each.query and each.status in {200, 201}
    )


def _is_of(world: World, image: str, other: str) -> bool:
    return world.cluster.admission.original(image).rpartition(":")[0] == other.rpartition(":")[0]


def _pod_specs(world: World, references: tuple[WorkloadReference, ...]) -> list[tuple[str, Json]]:
    found: list[tuple[str, Json]] = []
    for each in references:
        workload = world.cluster.workload(each.kind, each.namespace, each.name)
        found.append((f"{each}", pod_template(workload)["spec"]))
        if each.kind != "CronJob":
            # A Job's pods end as they began.
            selector = workload["spec"]["selector"]
            found += [
                (pod["metadata"]["name"], pod["spec"])
                for pod in world.cluster.store.all_of(PODS.plural, each.namespace)
                if is_active(pod) and matches_selector(selector, pod["metadata"].get("labels", {}))
            ]
    return found
