"""What a span may contain: no secret, no query (a search may hold anything), and of an outgoing request only its host."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status

from dashboard.logs import Hide, without_token

ADDRESSES = {"http.url", "http.target", "url.full", "url.path"}
_WRITES_ITS_PATHS = "opentelemetry.instrumentation.urllib3"
"""The cluster's. A push service's and a watchman's paths are secrets, and are asked by `requests`."""


class WithoutSecrets(SpanExporter):
    """Hands spans on to another exporter, secrets left out."""

    def __init__(self, exporter: SpanExporter, hide: Hide) -> None:
        self._exporter = exporter
        self._hide = hide

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([self._cleaned(each) for each in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)

    def _cleaned(self, span: ReadableSpan) -> ReadableSpan:
        is_question = span.kind is SpanKind.CLIENT
        scope = span.instrumentation_scope
        keeps_path = not is_question or (scope is not None and scope.name == _WRITES_ITS_PATHS)
        stated = None if is_question else span.status.description
        return ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=self._attributes(span.attributes or {}, keeps_path=keeps_path),
            # A failed question's words hold the address, in pieces.
            events=() if is_question else [self._event(each) for each in span.events],
            links=span.links,
            kind=span.kind,
            instrumentation_scope=scope,
            status=Status(span.status.status_code, self._hide.out_of(stated) if stated else None),
            start_time=span.start_time,
            end_time=span.end_time,
        )

    def _event(self, event: Event) -> Event:
        return Event(event.name, self._attributes(event.attributes or {}), event.timestamp)

    def _attributes(self, given: Mapping[str, Any], *, keeps_path: bool = True) -> dict[str, Any]:
        found = {name: value for name, value in given.items() if name != "url.query"}
        for name in ADDRESSES & set(found):
            parts = urlsplit(str(found[name]))
            path = without_token(parts.path) if keeps_path else "/"
            found[name] = parts._replace(query="", fragment="", path=path).geturl()
        return {
            name: self._hide.out_of(value) if isinstance(value, str) else value
            for name, value in found.items()
        }
