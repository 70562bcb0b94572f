"""Two web and two worker processes on one database, as a cluster runs them: restarted one by one while people use them."""

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep

import requests
from django.test import Client

from tests.factories import make_user
from tests.processes import MANAGE, Running, eventually, free_port

DRAIN_SECONDS = 2
GRACE_SECONDS = 20
"""Then it is killed, as the kubelet does."""
PEOPLE = 3


@dataclass
class Process:
    """One pod: `is_ready` says whether requests are led to it."""

    command: list[str]
    env: dict[str, str]
    log: Path
    url: str = ""
    is_ready: bool = False
    running: Running | None = None
    restarts: int = 0

    def start(self) -> None:
        self.running = Running(self.command, self.env, log=self.log).__enter__()
        if self.url:
            assert eventually(self._answers, seconds=60), self.running.message
        self.is_ready = True

    def restart(self) -> None:
        self.is_ready = False
        sleep(DRAIN_SECONDS)
        self.end()
        self.restarts += 1
        self.start()

    def end(self) -> None:
        assert self.running is not None
        process = self.running.process
        # To the process alone, as the kubelet sends it to a pod's first process.
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.running.kill_group()
            process.wait()

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=2).ok
        except requests.RequestException:
            return False


@dataclass
class Service:
    """Leads requests to whichever web process is ready, and keeps what went wrong."""

    webs: list[Process]
    session_key: str
    failures: list[str] = field(default_factory=list)
    answered: int = 0

    def session(self) -> requests.Session:
        session = requests.Session()
        session.cookies.set("sessionid", self.session_key)
        return session

    def url(self) -> str:
        return random.choice([web for web in self.webs if web.is_ready]).url

    def get(self, session: requests.Session, path: str) -> None:
        try:
            response = session.get(f"{self.url()}{path}", timeout=60)
        except requests.RequestException as error:
            self.failures.append(f"{path}: {error!r}")
            return
        self.answered += 1
        if response.status_code != 200 or "/login/" in response.url:
            self.failures.append(f"{path}: {response.status_code} {response.url}")

    def deploy(self, host: str, form: dict[str, str]) -> None:
        """Tap Deploy as a browser does, with its CSRF token."""
        with self.session() as session:
            url = self.url()
            session.get(f"{url}/", timeout=60).raise_for_status()
            form = form | {"csrfmiddlewaretoken": session.cookies["csrftoken"]}
            response = session.post(f"{url}/sites/{host}/deploy", form, timeout=60, allow_redirects=False)
            assert response.status_code == 302, response.text[:500]
            assert "/deploys/" in response.headers["Location"]


@contextmanager
def two_of_each(env: dict[str, str], folder: Path) -> Iterator[tuple[Service, list[Process]]]:
    """Run them, and people who load pages all the time; yield the service and all four processes."""
    client = Client()
    client.force_login(make_user("chaos"))
    webs, workers = [], []
    for number in range(2):
        bind = f"127.0.0.1:{free_port()}"
        gunicorn = ["gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn", "--bind", bind]
        webs.append(
            Process([sys.executable, "-m", *gunicorn], env, folder / f"web{number}.log", f"http://{bind}")
        )
        own = env | {"HEARTBEAT_FILE": str(folder / f"heartbeat{number}")}
        workers.append(Process([*MANAGE, "worker"], own, folder / f"worker{number}.log"))
    service = Service(webs, client.cookies["sessionid"].value)
    with ExitStack() as stack:
        for each in (*webs, *workers):
            each.start()
            stack.callback(each.end)
        stop = threading.Event()
        people = [threading.Thread(target=_look, args=(service, stop)) for _ in range(PEOPLE)]
        for person in people:
            person.start()
        try:
            yield service, [webs[0], workers[0], webs[1], workers[1]]
        finally:
            stop.set()
            for person in people:
                person.join()


def _look(service: Service, stop: threading.Event) -> None:
    with service.session() as session:
        while not stop.is_set():
            for path in ("/", "/activity/", "/readyz"):
                service.get(session, path)
            stop.wait(0.2)
