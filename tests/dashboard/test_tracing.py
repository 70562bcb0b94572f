"""Traces go to a collector where OTEL_EXPORTER_OTLP_ENDPOINT is set; a small one on loopback reads them."""

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from demo.world import World
from deployments.queue import enqueue
from simulators.loopback import LoopbackServer, Request, Response
from tests.processes import CHECKOUT, MANAGE, Running, environment, eventually, free_port
from tests.worlds import clients, sites, world

__all__ = ["clients", "sites", "world"]
SERVER, CLIENT = Span.SpanKind.SPAN_KIND_SERVER, Span.SpanKind.SPAN_KIND_CLIENT
HEADER = "Bearer c0ffee-of-the-collector"
WATCHMAN = "the-watchmans-own-path"


class Collector:
    """OTLP over HTTP: https://opentelemetry.io/docs/specs/otlp/#otlphttp."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.paths: set[str] = set()
        self.headers: set[str | None] = set()
        self.server = LoopbackServer(self._answer).start()

    def _answer(self, request: Request) -> Response:
        is_zipped = request.headers.get("content-encoding") == "gzip"
        self.bodies.append(gzip.decompress(request.body) if is_zipped else request.body)
        self.paths.add(request.path)
        self.headers.add(request.headers.get("authorization"))
        return Response(headers={"Content-Type": "application/x-protobuf"})

    @property
    def spans(self) -> list[Span]:
        resources = [ExportTraceServiceRequest.FromString(body).resource_spans for body in list(self.bodies)]
        return [
            span
            for found in resources
            for each in found
            for scope in each.scope_spans
            for span in scope.spans
        ]

    def named(self, start: str) -> list[Span]:
        return [span for span in self.spans if span.name.startswith(start)]


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.server.stop()


def attribute(span: Span, name: str) -> str:
    return next((each.value.string_value for each in span.attributes if each.key == name), "")


def ask_the_doctor(address: str) -> None:
    """Press "Check again", as an admin does."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    with requests.Session() as session:
        session.cookies.set("sessionid", client.cookies["sessionid"].value)
        session.get(f"{address}{reverse('doctor')}?q=private", timeout=60).raise_for_status()
        form = {"csrfmiddlewaretoken": session.cookies["csrftoken"]}
        session.post(f"{address}{reverse('check-again')}", form, timeout=60).raise_for_status()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("static_files", "sites")
def test_a_request_and_the_task_that_it_queued_are_one_trace_without_secrets(
    world: World, collector: Collector, tmp_path: Path
) -> None:
    bind = f"127.0.0.1:{free_port()}"
    env = environment(
        tmp_path,
        **world.settings(tmp_path),
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{collector.server.host}",
        OTEL_EXPORTER_OTLP_HEADERS=f"authorization={HEADER.replace(' ', '%20')}",
        OTEL_BSP_SCHEDULE_DELAY="200",
        PING_URL=f"http://127.0.0.1:1/{WATCHMAN}",
    )
    web = ["gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn", "--bind", bind]
    with (
        Running([sys.executable, "-m", *web], env, log=tmp_path / "web.log") as served,
        Running([*MANAGE, "worker"], env, log=tmp_path / "worker.log") as worker,
    ):
        assert eventually(lambda: _is_ready(bind), seconds=60), served.message
        ask_the_doctor(f"http://{bind}")
        enqueue.sync(trigger="person")
        tasks = ("deployments.tasks.doctor", "deployments.tasks.sync", "deployments.tasks.ping")
        for name in ("POST", *tasks):
            assert eventually(lambda name=name: collector.named(name), seconds=60), (
                served.message + worker.message
            )

    (deploy_request,) = [each for each in collector.named("POST") if each.kind == SERVER]
    (task,) = collector.named("deployments.tasks.doctor")
    assert (task.trace_id, task.parent_span_id) == (deploy_request.trace_id, deploy_request.span_id)
    asked = [each for each in collector.spans if each.trace_id == task.trace_id and each.kind == CLIENT]
    assert {_host(each) for each in asked} >= {world.github.url, f"https://127.0.0.1:{world.cluster.port}"}
    assert not [each for each in collector.spans if "readyz" in str(each)]
    assert (collector.paths, collector.headers) == ({"/v1/traces"}, {HEADER})
    sent = b"".join(collector.bodies)
    for secret in (world.github.token, env["SECRET_KEY"], WATCHMAN, HEADER, "private"):
        assert secret.encode() not in sent


def _is_ready(bind: str) -> bool:
    try:
        return requests.get(f"http://{bind}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def _host(span: Span) -> str:
    return "/".join((attribute(span, "http.url") or attribute(span, "url.full")).split("/")[:3])


def run(code: str, **given: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "DATABASE_URL": "postgres:///none",
        "SECRET_KEY": "x" * 50,
        **given,
    }
    return subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_nothing_of_it_is_loaded_where_no_collector_is_set() -> None:
    done = run("import django, sys; django.setup(); print('opentelemetry' in sys.modules)")

    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.slow
def test_a_missing_package_is_named() -> None:
    code = "import sys; sys.modules['opentelemetry'] = None\nimport django; django.setup()"

    done = run(code, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318")

    assert "--extra otel" in done.stderr


@pytest.mark.slow
def test_a_collector_that_is_away_and_a_probe_that_asks_by_address_break_nothing() -> None:
    code = "import django; django.setup(); from django.test import Client; print(Client().get('/healthz', headers={'host': '10.1.2.3:8000'}).status_code)"

    done = run(code, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")

    assert done.stdout.strip() == "200", done.stderr
