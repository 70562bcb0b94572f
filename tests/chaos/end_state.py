"""What must be true of a set of Deploys once all is over, whatever was done to Headway meanwhile."""

from collections import Counter
from collections.abc import Sequence

from demo.world import World
from deployments.models import ACTIVE_STATUSES, Deploy, DeployEvent, EventKind, Status


def still_active(deploys: Sequence[Deploy]) -> list[Deploy]:
    """Return those that have not ended."""
    return list(Deploy.objects.filter(pk__in=[each.pk for each in deploys], status__in=ACTIVE_STATUSES))


def in_words(deploys: Sequence[Deploy]) -> list[str]:
    """Return each one's status, for a failing test's message."""
    return [f"{each.pk} {each.status}: {each.message}" for each in deploys]


def check_all_succeeded(world: World, deploys: Sequence[Deploy]) -> None:
    """Each has succeeded, once, and its site asks for and runs its image."""
    for each in Deploy.objects.filter(pk__in=[one.pk for one in deploys]).select_related("site"):
        assert each.status == Status.SUCCEEDED, in_words([each])
        assert world.running_image(each.site.host) == each.image
    ends = Counter(
        DeployEvent.objects.filter(deploy__in=deploys, kind=EventKind.ENDED).values_list(
            "deploy_id", flat=True
        )
    )
    assert ends == Counter(each.pk for each in deploys)


def check_patched_once_at_most(world: World, deploys: Sequence[Deploy]) -> None:
    """No workload got more than one patch that changed it for one Deploy."""
    images = {each.image for each in deploys}
    counted = Counter(
        (entry.path, image)
        for entry in world.cluster.requests.matching(method="PATCH")
        if entry.status == 200 and "dryRun" not in entry.query
        for image in images
        if image in entry.body
    )
    assert set(counted.values()) <= {1}, counted
