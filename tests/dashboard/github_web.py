"""A web server with GitHub's login, the rows behind it, and those who come by with a browser."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import requests

from simulators.github import DemoGitHub
from tests.processes import Running, environment, eventually, free_port

PASSWORD = "long enough 7"


class Browser:
    """One who follows redirects and sends forms with their token, as a browser does."""

    def __init__(self, url: str) -> None:
        self.url, self._session = url, requests.Session()
        # A connection that is kept open would keep the web server from ending.
        self._session.headers["Connection"] = "close"

    def get(self, path: str, **more: object) -> requests.Response:
        return self._session.get(f"{self.url}{path}", timeout=30, **more)

    def post(self, path: str, **values: str) -> requests.Response:
        token = self._session.cookies.get("csrftoken") or self._token()
        data = {"csrfmiddlewaretoken": token, **values}
        return self._session.post(f"{self.url}{path}", data=data, timeout=30)

    def _token(self) -> str:
        self.get("/login/")
        return self._session.cookies["csrftoken"]

    def log_in_with_github(self, query: str = "") -> requests.Response:
        return self.post(f"/login/github{query}")

    def log_in_by_password(self, name: str) -> requests.Response:
        return self.post("/login/", login=name, password=PASSWORD)

    @property
    def is_in(self) -> bool:
        return self.get("/account/", allow_redirects=False).status_code == 200


class SystemStatus:
    """A web server with that login, and the rows behind it."""

    def __init__(self, github: DemoGitHub, database: str, folder: Path) -> None:
        self.github, self._folder = github, folder
        self.rows = psycopg.connect(database, autocommit=True)
        sign_in = github.sign_in
        self.env = environment(
            folder,
            DATABASE_URL=database,
            GITHUB_LOGIN_URL=github.url,
            GITHUB_LOGIN_ALLOWED="Octocat,org/Acme",
            GITHUB_LOGIN_CLIENT_ID=sign_in.client_id,
            GITHUB_LOGIN_CLIENT_SECRET=sign_in.client_secret,
        )

    @contextmanager
    def web(self, **settings: str) -> Iterator[str]:
        bind = f"127.0.0.1:{free_port()}"
        gunicorn = ["gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn", "--bind", bind]
        command = [sys.executable, "-m", *gunicorn]
        with Running(command, self.env | settings, log=self._folder / "web.log") as web:
            assert eventually(lambda: answers(f"http://{bind}/healthz"), seconds=60), web.message
            yield f"http://{bind}"

    def confirmed(self, days_ago: int) -> None:
        back = "UPDATE deployments_githubmembership SET confirmed_at = now() - make_interval(days => %s)"
        self.rows.execute(back, [days_ago])

    def age_in_days(self) -> int:
        found = self.rows.execute(
            "SELECT extract(day FROM now() - confirmed_at) FROM deployments_githubmembership"
        )
        return int(found.fetchone()[0])

    def asked(self) -> int:
        """How often GitHub was asked about memberships."""
        return sum("/memberships/" in each.path for each in self.github.requests)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False
