"""What Headway costs while nobody looks: memory after work, then CPU and SQL statements over a minute of rest.

Proportional memory is Linux' PSS, in which what several processes share is counted once.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import requests
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from bench.processes import headway
from dashboard.embedded_postgres import EmbeddedPostgres

REST_SECONDS = 60
PROBE_SECONDS = 10
# A new house has its first scheduled sync up to a minute after its start: an hour of rest follows that.
SETTLE_SECONDS = 75
PAGES = 20
SYNCED_WITHIN_SECONDS = 60


def measure_idle(server: EmbeddedPostgres) -> dict[str, Any]:
    """Return PSS in MB, CPU in percent of one core, and SQL statements per second, of web and worker together."""
    _log_statements(on=True)
    os.environ["METRICS_NETWORKS"] = "127.0.0.0/8"
    with headway() as (address, supervisor):
        _work(address)
        time.sleep(SETTLE_SECONDS)
        # `manage.py run` itself is what the kubelet is elsewhere: it is not counted.
        members = sorted(descendants(supervisor.pid) - {supervisor.pid})
        log = server.log_file
        lines, cpu, start = _statements(log), _cpu_seconds(members), time.monotonic()
        _rest(address)
        seconds = time.monotonic() - start
        found = {
            "processes": len(members),
            "PSS MB": round(pss_megabytes(members)),
            "of it web": round(pss_megabytes(each for each in members if _is_web(each))),
            "CPU %": round((_cpu_seconds(members) - cpu) / seconds * 100, 2),
            "statements/s": round((_statements(log) - lines) / seconds, 2),
        }
    _log_statements(on=False)
    return found


def _rest(address: str) -> None:
    """A minute in which only the kubelet and Prometheus ask, as often as k8s/ says."""
    requests.get(f"{address}/metrics", timeout=10).raise_for_status()
    for _ in range(REST_SECONDS // PROBE_SECONDS):
        for probe in ("healthz", "readyz"):
            requests.get(f"{address}/{probe}", timeout=5).raise_for_status()
        time.sleep(PROBE_SECONDS)


def _log_statements(*, on: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET log_statement = 'all'" if on else "ALTER SYSTEM RESET log_statement")
        cursor.execute("SELECT pg_reload_conf()")


def _statements(log: Path) -> int:
    return sum("LOG:  statement:" in line or "LOG:  execute" in line for line in log.open(errors="replace"))


def _work(address: str) -> None:
    """Let every part do what it does: a sync of all sites, and pages."""
    from deployments.models import Observation, Site
    from deployments.operations.sync_request import request_sync

    for _ in range(3):
        request_sync()
    client = Client()
    client.force_login(User.objects.create_superuser("idler"))
    session = requests.Session()
    session.cookies.set("sessionid", client.cookies["sessionid"].value)
    for _ in range(PAGES):
        session.get(f"{address}/").raise_for_status()
    until = time.monotonic() + SYNCED_WITHIN_SECONDS
    seen = Observation.objects.exclude(cluster_observed_at=None)
    while seen.count() < Site.objects.count() and time.monotonic() < until:
        time.sleep(0.5)
    connection.close()


def descendants(pid: int) -> set[int]:
    """The process and all that it started."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, todo = set(), [pid]
    while todo:
        each = todo.pop()
        found.add(each)
        todo += children.get(each, [])
    return found


def _is_web(pid: int) -> bool:
    return b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()


def pss_megabytes(pids: Iterable[int]) -> float:
    """Proportional memory of these processes together."""
    kilobytes = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


def _cpu_seconds(pids: Iterable[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
