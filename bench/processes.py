"""Headway's own processes, as `make run` starts them, for measurements from outside."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import requests

from bench.image import Image

READY_WITHIN_SECONDS = 60
RUN = """
import os, signal, sys
from deployments.management.parent import end_with_the_parent
end_with_the_parent(signal.SIGTERM, parent=int(sys.argv[1]))
os.execv(sys.executable, [sys.executable, "manage.py", "run", *sys.argv[2:]])
"""
"""`manage.py run`, which ends with a bench that is killed: its worker would take the next one's entries."""


@contextmanager
def headway(image: Image | None = None) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run web and worker, the image's or this checkout's, with the environment as it is; yield the address and the supervising process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        bound_to = f"127.0.0.1:{free.getsockname()[1]}"
    os.environ["PUBLIC_URL"] = address = f"http://{bound_to}"
    python, folder, given = (
        (image.python, image.folder, image.environment) if image else (sys.executable, None, {})
    )
    process = subprocess.Popen(
        [python, "-c", RUN, str(os.getpid()), "--bind", bound_to],
        cwd=folder,
        env=given | os.environ | {"PYTHONPATH": ""},
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(address)
        yield address, process
    finally:
        process.terminate()
        process.wait()


def logged_in(address: str, name: str = "bench") -> dict[str, str]:
    """Return the cookies of someone who may do everything."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    user, _ = User.objects.update_or_create(username=name, defaults={"is_staff": True, "is_superuser": True})
    client.force_login(user)
    session = requests.Session()
    session.cookies.set("sessionid", client.cookies["sessionid"].value)
    session.get(f"{address}/", timeout=120).raise_for_status()
    return {each.name: str(each.value) for each in session.cookies}


def tap(session: requests.Session, address: str, seen: Any) -> None:
    """Ask for a Deploy of the head that an Observation has seen, as its button does."""
    form = {
        "sha": seen.head_sha,
        "seen": seen.deployed_sha,
        "key": str(uuid4()),
        "csrfmiddlewaretoken": session.cookies["csrftoken"],
    }
    to = f"{address}/sites/{seen.site.name}/deploy"
    answer = session.post(to, data=form, allow_redirects=False, timeout=120)
    assert "/deploys/" in answer.headers.get("Location", ""), answer.text


def _wait(address: str) -> None:
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until:
        try:
            if requests.get(f"{address}/readyz", timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise TimeoutError(f"Headway did not come up at {address}")
