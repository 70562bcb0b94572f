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
    with socket.create_server(("127.0.0.1", 0)) as free:
        bound_to = f"127.0.0.1:{free.getsockname()[1]}"
    os.environ["PUBLIC_URL"] = address = f"http://{bound_to}"
    command = [sys.executable, "manage.py", "run", "--bind", bound_to]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        _wait(address)
        yield address, process
    finally:
        process.terminate()
        process.wait()


def logged_in(address: str, name: str = "bench") -> dict[str, str]:
    """Return the cookies of somebody who may do everything."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    user, _ = User.objects.update_or_create(username=name, defaults={"is_staff": True, "is_superuser": True})
    client.force_login(user)
    session = requests.Session()
    session.cookies.set("sessionid", client.cookies["sessionid"].value)
    session.get(f"{address}/", timeout=30).raise_for_status()
    return {each.name: str(each.value) for each in session.cookies}


def _wait(address: str) -> None:
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until:
        try:
            if requests.get(f"{address}/readyz", timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise TimeoutError(f"Headway did not come up at {address}")
