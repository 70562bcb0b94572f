"""The web process as it is started in production."""

import sys
from http import HTTPStatus
from pathlib import Path

import pytest
import requests

from tests.processes import Running, environment, eventually, free_port

pytestmark = pytest.mark.slow  # starts processes


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == HTTPStatus.OK
    except requests.RequestException:
        return False


@pytest.mark.django_db(transaction=True)
def test_it_writes_nothing_to_its_home_which_is_read_only_in_a_pod(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    bind = f"127.0.0.1:{free_port()}"
    web = ["gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn", "--bind", bind]

    with Running(
        [sys.executable, "-m", *web], environment(tmp_path, HOME=str(home)), log=tmp_path / "log"
    ) as served:
        assert eventually(lambda: answers(f"http://{bind}/healthz"), seconds=60), served.message
        row_versions = list(home.rglob("*"))

    assert row_versions == []


@pytest.mark.django_db(transaction=True)
def test_a_header_is_never_the_path_of_a_request(tmp_path: Path) -> None:
    bind = f"127.0.0.1:{free_port()}"
    web = ["gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn", "--bind", bind]
    with Running([sys.executable, "-m", *web], environment(tmp_path), log=tmp_path / "log") as served:
        assert eventually(lambda: answers(f"http://{bind}/healthz"), seconds=60), served.message

        answer = requests.get(
            f"http://{bind}/app/", headers={"SCRIPT_NAME": "/app"}, timeout=10, allow_redirects=False
        )

    # Believed, it would be the list of sites, which leads a stranger to /app/login/.
    assert answer.status_code != HTTPStatus.FOUND
