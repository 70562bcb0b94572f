"""What of the cluster a site maps: its workloads in their order, and where all of it is."""

from typing import TYPE_CHECKING

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from deployments.models.mapped_workload import MappedWorkload
from deployments.rules.targets import WorkloadReference
from deployments.rules.workloads import WorkloadKind

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


def workload_rows() -> ArraySubquery:
    """A site's workloads as JSON in their order, to be read with its row as `workload_rows`."""
    rows = MappedWorkload.objects.filter(site=OuterRef("pk")).order_by("position", "pk")
    as_json = JSONObject(kind="kind", namespace="namespace", name="name", only="containers")
    return ArraySubquery(rows.values_list(as_json))


class SiteWorkloads:
    """The part of Site that knows its workloads."""

    release_job: str
    workloads: "RelatedManager[MappedWorkload]"

    @property
    def references(self) -> tuple[WorkloadReference, ...]:
        """The workloads that it maps, in the order in which a Deploy changes them.

        Runs its own query, unless the site came by `with_workloads` or with its workloads prefetched.
        """
        rows = getattr(self, "workload_rows", None)
        if rows is None:
            return tuple(each.reference for each in self.workloads.all())
        return tuple(
            WorkloadReference(
                kind=WorkloadKind(row["kind"]),
                namespace=row["namespace"],
                name=row["name"],
                containers=tuple(row["only"]),
            )
            for row in rows
        )

    @property
    def places(self) -> frozenset[str]:
        """Where all of it is in the cluster: its workloads, and what its release job is made from."""
        references = self.references
        release_job = (
            WorkloadReference(
                kind=WorkloadKind.CRON_JOB, namespace=references[0].namespace, name=self.release_job
            )
            if self.release_job and references
            else None
        )
        return frozenset(each.place for each in (*references, release_job) if each)
