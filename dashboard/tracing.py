"""OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT is set: a span for each request, each task and each call to an external service.

The instrumentation is OpenTelemetry's own; only django-q2 has none, so its signals are used. A task's span is in the
trace of the request that queued it. Its packages are the extra `otel`, and imported here alone.
"""

from multiprocessing.util import Finalize
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django_q.signals import post_execute_in_worker, post_spawn, pre_enqueue, pre_execute

from dashboard.logs import Hide

try:
    from opentelemetry import trace
    from opentelemetry.context import attach, detach
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.requests import RequestsInstrumentor
    from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
    from opentelemetry.propagate import extract, inject
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.util.re import parse_env_headers

    from dashboard.traced import WithoutSecrets
except ImportError as error:
    raise ImproperlyConfigured(
        "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed. Build the image with --build-arg 'EXTRAS=--extra otel', or unset it."
    ) from error

PROBES_END_AT = "dashboard.metrics.MetricsMiddleware"
"""The middleware before it answers for any host; OpenTelemetry's refuses, and the kubelet would kill the pod."""
_CARRIED = "trace"
_under_way: dict[str, tuple[trace.Span, Any]] = {}


def send_traces(*, endpoint: str, headers: str, service_name: str, hide: Hide) -> None:
    """Begin; once for a process, and before it forks: each child then sends its own."""
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service_name}))
    exporter = OTLPSpanExporter(
        endpoint=f"{endpoint.rstrip('/')}/v1/traces", headers=parse_env_headers(headers, liberal=True)
    )
    provider.add_span_processor(BatchSpanProcessor(WithoutSecrets(exporter, hide)))
    trace.set_tracer_provider(provider)
    position = settings.MIDDLEWARE.index(PROBES_END_AT) + 1
    DjangoInstrumentor().instrument(middleware_position=position, excluded_urls="/static/")
    RequestsInstrumentor().instrument()
    # The cluster's client speaks through urllib3 itself.
    URLLib3Instrumentor().instrument()
    uid = "headway-tracing"
    pre_enqueue.connect(_carry, dispatch_uid=uid)
    pre_execute.connect(_begin, dispatch_uid=uid)
    post_execute_in_worker.connect(_end, dispatch_uid=uid)
    post_spawn.connect(
        lambda **_: Finalize(None, provider.shutdown, exitpriority=1), dispatch_uid=uid, weak=False
    )


def _carry(*, task: dict[str, Any], **_: Any) -> None:
    inject(task.setdefault(_CARRIED, {}))


def _begin(*, task: dict[str, Any], **_: Any) -> None:
    span = trace.get_tracer(__name__).start_span(
        str(task["func"]),
        context=extract(task.get(_CARRIED, {})),
        kind=trace.SpanKind.CONSUMER,
        attributes={"messaging.system": "django-q2", "messaging.message.id": task["id"]},
    )
    _under_way[task["id"]] = span, attach(trace.set_span_in_context(span))


def _end(*, task: dict[str, Any], **_: Any) -> None:
    span, token = _under_way.pop(task["id"])
    if not task.get("success", False):
        span.set_status(trace.StatusCode.ERROR, str(task.get("result", "")).partition(" : Traceback")[0])
    detach(token)
    span.end()
