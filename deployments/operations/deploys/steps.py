"""What a Deploy does to each workload, one row for each."""

from collections.abc import Iterable

from django.db import transaction

from deployments.models import Deploy, DeployStep
from deployments.operations.deploys.rewritten import rewritten_containers
from deployments.rules.targets import targets_of
from deployments.rules.workloads import Workload


def steps_of(deploy: Deploy) -> list[DeployStep]:
    """Return the steps, in the order in which they change the cluster; at the first call, they are written as the mapping is now."""
    steps = list(deploy.steps.all()) or _write_steps(deploy)
    for step in steps:
        step.deploy = deploy
    return steps


def _write_steps(deploy: Deploy) -> list[DeployStep]:
    """Of two workers that take up one Deploy at once, the second finds what the first has written."""
    with transaction.atomic():
        Deploy.objects.select_for_update().get(pk=deploy.pk)
        return list(DeployStep.objects.filter(deploy=deploy)) or DeployStep.objects.bulk_create(
            DeployStep(
                deploy=deploy,
                position=position,
                kind=reference.kind.value,
                namespace=reference.namespace,
                name=reference.name,
                containers=list(reference.containers),
            )
            for position, reference in enumerate(deploy.site.references)
        )


def assign_containers(step: DeployStep, workload: Workload) -> None:
    """Write down which of the workload's containers get the image: nothing else of it is changed."""
    site = step.deploy.site
    targets = targets_of(
        workload,
        reference=step.reference,
        repositories=site.image_repositories,
        rewritten=rewritten_containers(site, workload),
    )
    step.note(containers=list(targets) or step.containers)


def changed_by(steps: Iterable[DeployStep]) -> str:
    """Say which workloads the Deploy has changed; empty where it has changed none."""
    changed = [f"{step.kind} {step.name}" for step in steps if step.is_changed]
    return f"Changed before that: {', '.join(changed)}." if changed else ""


def named(step: DeployStep, steps: list[DeployStep], message: str) -> str:
    """Say which workload the message is about, where there are several."""
    return f"{step.kind} {step.name}: {message}" if len(steps) > 1 else message
