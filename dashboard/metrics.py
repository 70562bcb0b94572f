"""`/metrics` for Prometheus: figures from the database, counted per scrape, and this process's own requests.

Since the first are the database's, every web process reports the same: take max() of them, and sum() of the HTTP ones.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import secrets
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from deployments.queries.metrics_data import Durations, MetricsData, metrics_data

registry = CollectorRegistry()
ProcessCollector(registry=registry)
_requests = Counter(
    "headway_http_requests", "Requests answered.", ["method", "view", "status"], registry=registry
)
_seconds = Histogram(
    "headway_http_request_duration_seconds",
    "Request duration.",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=registry,
)
_METHODS = {"GET", "HEAD", "POST"}
_ADDED_BY_PROXIES = ("HTTP_X_FORWARDED", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_ORIGINAL")


def count_request(*, method: str, view: str, status: int, seconds: float) -> None:
    """Count one request; whatever nobody's view answered is one view, so that strangers cannot make new series."""
    _requests.labels(method if method in _METHODS else "other", view or "none", str(status)).inc()
    _seconds.labels(view or "none").observe(seconds)


class MetricsMiddleware:
    """Answers before host names are checked: Prometheus asks the pod by its address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != "/metrics" or not (settings.METRICS_TOKEN or settings.METRICS_NETWORKS):
            return self.get_response(request)
        if not _may_read(request):
            return HttpResponse(
                "Send METRICS_TOKEN as a bearer token, or ask from one of METRICS_NETWORKS.\n",
                status=401,
                content_type="text/plain; charset=utf-8",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return secrets.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    if _may_come_from_outside(request):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in ip_network(each, strict=False) for each in settings.METRICS_NETWORKS)


def _may_come_from_outside(request: HttpRequest) -> bool:
    """Whether a proxy passed this on, whose own address says nothing; or the address is spelt so that it passes an Ingress' rule."""
    was_forwarded = any(name.startswith(_ADDED_BY_PROXIES) for name in request.META)
    return was_forwarded or request.META.get("RAW_URI", "/metrics").partition("?")[0] != "/metrics"


class DatabaseCollector(Collector):
    """Reads the figures on each scrape; without a database there are none, and headway_database_up is 0."""

    def collect(self) -> Iterator[Metric]:
        try:
            found = metrics_data(now=timezone.now())
        except DatabaseError:
            yield _gauge("headway_database_up", "Whether the database answers.", 0)
            return
        yield _gauge("headway_database_up", "Whether the database answers.", 1)
        yield from _counted(found)
        yield from _aged(found)
        yield _histogram(
            "headway_deploy_duration_seconds", "Time from request to success.", found.deploy_durations
        )
        yield _histogram("headway_deploy_wait_seconds", "Time from queue to patch.", found.deploy_waits)
        yield _histogram("headway_sync_duration_seconds", "Length of full syncs.", found.sync_durations)

    def describe(self) -> list[Metric]:
        """Nothing: registering must not ask the database."""
        return []


def _counted(found: MetricsData) -> Iterator[Metric]:
    sites = GaugeMetricFamily("headway_sites", "Sites by state.", labels=["state"])
    for state, number in found.sites.items():
        sites.add_metric([state], number)
    yield sites
    yield _gauge(
        "headway_sites_needing_attention", "Sites that need attention.", found.sites_needing_attention
    )
    deploys = CounterMetricFamily("headway_deploys", "Deploys that ended, by result.", labels=["result"])
    for result, number in found.deploys.items():
        deploys.add_metric([result], number)
    yield deploys
    yield _gauge("headway_deploys_active", "Deploys in progress.", found.active_deploys)
    yield _gauge("headway_queue_tasks", "Tasks waiting for a worker.", found.queue_tasks)


def _aged(found: MetricsData) -> Iterator[Metric]:
    yield _gauge("headway_queue_age_seconds", "Age of the oldest task.", found.queue_age_seconds)
    yield _gauge("headway_sync_interval_seconds", "How often a sync is due.", found.sync_interval_seconds)
    stated = (
        ("headway_sync_age_seconds", "Seconds since the last good sync.", found.sync_age_seconds),
        (
            "headway_worker_silence_seconds",
            "Seconds since the last worker heartbeat.",
            found.worker_silence_seconds,
        ),
        (
            "headway_github_budget_remaining",
            "GitHub requests left in the current window.",
            found.github_remaining,
        ),
    )
    for name, text, value in stated:
        if value is not None:
            yield _gauge(name, text, value)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _histogram(name: str, text: str, durations: Durations) -> Metric:
    return HistogramMetricFamily(
        name, text, buckets=durations.cumulative(), sum_value=durations.total_seconds
    )


registry.register(DatabaseCollector())
