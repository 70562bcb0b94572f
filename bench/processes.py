"""Headway's own processes, as `make run` starts them, for measurements from outside."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests

READY_WITHIN_SECONDS = 60


@contextmanager
def headway() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run web and worker with the environment as it is; yield the address and the supervising process."""
    bind = f"127.0.0.1:{_free_port()}"
    os.environ["PUBLIC_URL"] = address = f"http://{bind}"
    command = [sys.executable, "manage.py", "run", "--bind", bind]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        _wait(address)
        yield address, process
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait(address: str) -> None:
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until:
        try:
            if requests.get(f"{address}/readyz", timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise TimeoutError(f"Headway did not come up at {address}")
