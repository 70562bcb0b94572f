"""What Headway costs: memory after a busy hour, then memory, CPU and SQL statements over a minute of rest.

It is the image's Headway, replayed in a folder. Proportional memory is Linux' PSS, in which what several processes share is counted once.
"""

import os
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
from django.db import connection

from bench.image import build
from bench.processes import headway, logged_in
from bench.work import work
from dashboard.embedded_postgres import EmbeddedPostgres
from demo.world import World

REST_SECONDS = 60
PROBE_SECONDS = 10
# A child that worked is replaced after a minute.
SETTLE_SECONDS = 75


def measure_idle(server: EmbeddedPostgres, world: World) -> dict[str, Any]:
    """Return PSS in MB, CPU in percent of one core, and SQL statements per second, of web and worker together."""
    os.environ |= {"METRICS_NETWORKS": "127.0.0.0/8", "STABILITY_SECONDS": "2"}
    with tempfile.TemporaryDirectory() as folder, headway(build(Path(folder))) as (address, supervisor):
        work(address, logged_in(address), world)
        connection.close()
        found = _memory("after work", supervisor.pid)
        time.sleep(SETTLE_SECONDS)
        _log_statements(on=True)
        lines, cpu, start = _statements(server.log_file), _cpu_seconds(supervisor.pid), time.monotonic()
        _rest(address)
        seconds = time.monotonic() - start
        found |= _memory("at rest", supervisor.pid) | {
            "CPU %": round((_cpu_seconds(supervisor.pid) - cpu) / seconds * 100, 2),
            "statements/s": round((_statements(server.log_file) - lines) / seconds, 2),
        }
    _log_statements(on=False)
    return found


def _memory(when: str, supervisor: int) -> dict[str, int]:
    # `manage.py run` itself is what the kubelet is elsewhere: it is not counted.
    members = descendants(supervisor) - {supervisor}
    return {
        f"PSS MB {when}": round(pss_megabytes(members)),
        f"of it web {when}": round(pss_megabytes(each for each in members if _is_web(each))),
    }


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
        # A child that has been idle for a minute may end just now.
        with suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kilobytes += int(line.split()[1])
    return kilobytes / 1024


def _cpu_seconds(supervisor: int) -> float:
    """Of all below it, including those that ended meanwhile."""
    ticks = 0
    for pid in descendants(supervisor) - {supervisor}:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
