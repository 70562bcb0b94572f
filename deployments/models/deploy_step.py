"""DeployStep: what one Deploy does to one workload."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from deployments.models.fields import times_in_range
from deployments.rules.targets import WorkloadReference
from deployments.rules.workloads import WorkloadKind


class DeployStep(models.Model):
    deploy = models.ForeignKey("Deploy", on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=11)
    namespace = models.CharField(max_length=63)
    name = models.CharField(max_length=253)
    containers = ArrayField(
        models.CharField(max_length=63),
        default=list,
        help_text="Those that get the image, in the template's order; before they are known, those that the mapping names.",
    )
    from_image = models.TextField(
        blank=True, help_text="The image in the first container's spec before this deploy."
    )
    from_requested_image = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="The image that Headway requested, where admission changed it to that; empty: the same.",
    )
    applied_image = models.TextField(
        blank=True, help_text="The image after admission; empty: the requested image."
    )
    patched_at = models.DateTimeField(
        null=True, help_text="When the cluster accepted the change, or was seen to have it."
    )
    wanted = models.PositiveIntegerField(default=0, help_text="Pods that the workload asks for.")
    updated = models.PositiveIntegerField(default=0, help_text="Pods of the new template.")
    ready = models.PositiveIntegerField(default=0, help_text="Ready pods of the new template.")
    progress = models.IntegerField(null=True, help_text="The furthest that its rollout has been, in steps.")
    progressed_at = models.DateTimeField(null=True, help_text="When it got there.")
    message = models.TextField(blank=True, help_text="Its progress, for a person.")

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["deploy", "position"], name="deploy_step_position_unique"),
            models.CheckConstraint(
                condition=times_in_range("patched_at", "progressed_at"), name="deploy_step_times_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} of deploy {self.deploy_id}"

    @property
    def reference(self) -> WorkloadReference:
        """The workload, and the containers that get the image."""
        return WorkloadReference(
            kind=WorkloadKind(self.kind),
            namespace=self.namespace,
            name=self.name,
            containers=tuple(self.containers),
        )

    @property
    def container(self) -> str:
        """The first that gets the image: its log is read, and its image represents the others'."""
        return self.containers[0] if self.containers else ""

    @property
    def is_changed(self) -> bool:
        """Whether this Deploy has changed it. One that had the image already is done as well, and was never judged."""
        return self.patched_at is not None and bool(self.from_image)

    @property
    def set_image(self) -> str:
        """The image that its containers have by this Deploy, as the cluster spells it."""
        return self.applied_image or str(self.deploy.image)

    def note(self, **values: Any) -> None:
        """Write the fields that differ."""
        changed = {name: value for name, value in values.items() if getattr(self, name) != value}
        if changed:
            DeployStep.objects.filter(pk=self.pk).update(**changed)
            for name, value in changed.items():
                setattr(self, name, value)

    def since(self) -> datetime:
        """When its rollout last made progress: it may stall for only so long."""
        since: datetime = self.progressed_at or self.deploy.patched_at or self.deploy.requested_at
        return since
