"""One examination: everything is checked, and one problem hides no other."""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError

from deployments.clients.clients import Clients
from deployments.clients.cluster import Cluster, ClusterError, Listed
from deployments.models import Examination, Site
from deployments.operations.doctor import cluster as clusters
from deployments.operations.doctor import hooks, internals, services
from deployments.operations.doctor.findings import Finding, Grade, bad
from deployments.operations.doctor.push import notifications_arrive, push_contact_is_taken, push_keys_fit
from deployments.operations.doctor.tokens import installations_suffice, tokens_suffice
from deployments.rules.workloads import Workload, WorkloadKind, matching_containers

logger = logging.getLogger(__name__)
Present = dict[tuple[str, WorkloadKind], Listed[Workload]]


def examine(*, clients: Clients, now: datetime) -> list[Finding]:
    """Ask everything; raises nothing. Costs a handful of GitHub requests, one LIST per namespace, one HEAD per image."""
    found = [
        *_safely("Settings", internals.settings_are_sound),
        *_safely("Database", internals.database_answers),
    ]
    if any(each.subject == "Database" and each.grade is Grade.BAD for each in found):
        return found
    sites = list(Site.objects.with_workloads())
    present: Present = {}
    steps: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("Clock", lambda: internals.clock_is_right(now=now)),
        ("Worker", lambda: internals.worker_is_alive(now=now)),
        ("Proxies", lambda: internals.proxies_are_trusted(now=now)),
        ("Sites", lambda: services.mapped(sites, image_prefixes=settings.IMAGE_PREFIXES)),
        ("Token", lambda: tokens_suffice(clients, now=now)),
        ("App", lambda: installations_suffice(clients, [each.owner for each in sites])),
        ("GitHub", lambda: services.github_answers(clients, sites)),
        ("Cluster", lambda: _cluster(clients, sites, present)),
        ("Tags", lambda: clusters.tags_are_given(sites, _images(sites, present))),
        ("Ping", lambda: services.ping_address_answers(settings.PING_URL)),
        (
            "Push keys",
            lambda: push_keys_fit(public=settings.VAPID_PUBLIC_KEY, private=settings.VAPID_PRIVATE_KEY),
        ),
        (
            "Push contact",
            lambda: push_contact_is_taken(subject=settings.VAPID_SUBJECT, private=settings.VAPID_PRIVATE_KEY),
        ),
        ("Push", lambda: notifications_arrive(now=now)),
        ("Hooks", lambda: hooks.hooks_arrive(now=now)),
        ("Hooks, keys", lambda: hooks.keys_are_fresh(issuers=tuple(settings.TOKEN_ISSUERS), now=now)),
        ("Registry", lambda: services.registry_has_what_runs(clients, _images(sites, present))),
    ]
    for subject, step in steps:
        found += _safely(subject, step)
    return found


def record_examination(*, clients: Clients, now: datetime) -> None:
    """Examine, and keep what was found for the page."""
    asked_at = Examination.latest().asked_at or now
    found = examine(clients=clients, now=now)
    # Not before it was requested, by web's clock: else it would seem to be under way forever.
    Examination.record(finished_at=max(asked_at, now), findings=[each.as_dict() for each in found])


def _safely(subject: str, step: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(step())
    except (DatabaseError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        logger.exception("The doctor tripped over %s", subject)
        return [
            bad(
                subject,
                f"It could not be asked: {error}",
                "This is an error in Headway. Its log has the details.",
            )
        ]


def _cluster(clients: Clients, sites: Sequence[Site], present: Present) -> Iterator[Finding]:
    """Also fills `present`, which the registry is queried about next."""
    try:
        cluster: Cluster = clients.cluster
    except ClusterError as error:
        yield bad(
            "Cluster", str(error), "Set KUBECONFIG, or run the worker in the cluster with its ServiceAccount."
        )
        return
    yield from clusters.rights_suffice(cluster, sites)
    mapped = [reference for site in sites for reference in site.references]
    for namespace, kind in sorted({(each.namespace, each.kind) for each in mapped}):
        try:
            present[namespace, kind] = cluster.workloads(kind, namespace)
        except ClusterError as error:
            yield bad(f"Cluster, {namespace}", str(error), "See the lines about permissions.")
    yield from clusters.workloads_are_there(sites, present)
    yield from clusters.unmapped(sites, present)


def _images(sites: Sequence[Site], present: Present) -> dict[str, str]:
    """What each site's first workload is asked to run, where that is known and of the right image repository."""
    found = {}
    for site in sites:
        for reference in site.references[:1]:
            listed = present.get((reference.namespace, reference.kind))
            workload = listed.named(reference.name) if listed else None
            if workload and (mine := matching_containers(workload, site.image_repositories)):
                found[site.name] = mine[-1].image
    return found
