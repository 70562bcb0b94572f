"""MappedWorkload: one workload in the cluster that runs a site's image. Its state in the cluster is `rules.workloads.Workload`."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from deployments.models.fields import DNS_LABEL, OBJECT_NAME, dns_label, object_name
from deployments.rules.targets import WorkloadReference
from deployments.rules.workloads import WorkloadKind


class MappedWorkload(models.Model):
    site = models.ForeignKey("Site", on_delete=models.CASCADE, related_name="workloads")
    kind = models.CharField(max_length=11, choices=[(kind.value, kind.value) for kind in WorkloadKind])
    namespace = models.CharField(
        max_length=63,
        default="default",
        validators=[dns_label],
        help_text="The Kubernetes namespace of the workload.",
    )
    name = models.CharField(
        max_length=253, validators=[object_name], help_text="The workload's name in the cluster."
    )
    containers = ArrayField(
        models.CharField(max_length=63, validators=[dns_label]),
        blank=True,
        default=list,
        help_text="Only these containers, separated by commas. Defaults to every container and init container that runs the site's image.",
    )
    position = models.PositiveSmallIntegerField(
        default=0, help_text="A deploy changes the workloads in this order, lowest first."
    )

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        verbose_name = "workload"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["site", "kind", "namespace", "name"],
                name="mapped_workload_once_per_site",
                violation_error_message="The site has this workload already.",
            ),
            models.UniqueConstraint(
                fields=["kind", "namespace", "name", "containers"],
                name="mapped_workload_one_site",
                violation_error_message="Another site already maps this workload.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in WorkloadKind]),
                name="mapped_workload_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(namespace__regex=DNS_LABEL), name="mapped_workload_namespace_is_dns_label"
            ),
            models.CheckConstraint(
                condition=Q(name__regex=OBJECT_NAME), name="mapped_workload_name_is_object_name"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    def clean(self) -> None:
        """Sort the containers, and check that no other site maps one of them."""
        self.containers = sorted(set(self.containers or ()))
        others = MappedWorkload.objects.filter(kind=self.kind, namespace=self.namespace, name=self.name)
        for other in others.exclude(site_id=self.site_id).select_related("site"):
            if self._shares_a_container_with(other):
                raise ValidationError(
                    f"{other.site.name} already maps {self.kind} {self.name} in namespace {self.namespace}. "
                    "Name different containers in both mappings, or add the workload to one of them."
                )

    @property
    def is_of(self) -> tuple[str, str, str]:
        """Which workload it is."""
        return self.kind, self.namespace, self.name

    @property
    def reference(self) -> WorkloadReference:
        return WorkloadReference(
            kind=WorkloadKind(self.kind),
            namespace=self.namespace,
            name=self.name,
            containers=tuple(self.containers),
        )

    def _shares_a_container_with(self, other: "MappedWorkload") -> bool:
        """Whether one container can be both sites'; where one of them names none, that is so if both have the same images."""
        if bool(self.containers) == bool(other.containers):
            return not self.containers or not set(self.containers).isdisjoint(other.containers)
        mine, theirs = self.site.image_repositories, other.site.image_repositories
        return not set(mine).isdisjoint(theirs)
