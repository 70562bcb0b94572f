"""Lines of the log."""

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from dashboard import logs
from deployments.models import Site

SECRET = 'ghp_"quoted"_secret'
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Log at DEBUG as in a cluster; return what was written, line by line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    configuration = logs.configuration(level="DEBUG", is_pretty=False, secrets=[SECRET])
    formatter = configuration["formatters"]["line"]
    handler.setFormatter(logging.config.DictConfigurator(configuration).configure_formatter(dict(formatter)))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel("DEBUG")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def ours(lines: Lines) -> list[dict[str, Any]]:
    return [line for line in lines() if line["logger"].startswith(("dashboard", "deployments"))]


def test_a_request_is_one_line_with_its_id_and_its_site(deployer: Client, site: Site, lines: Lines) -> None:
    response = deployer.post(f"/sites/{site.host}/sync?token=x", headers={"X-Request-ID": "from-the-proxy-1"})

    (line,) = [line for line in ours(lines) if line["logger"] == "dashboard.request_log"]
    assert line["request"] == response["X-Request-ID"] == "from-the-proxy-1"
    assert line["site"] == site.host
    assert line["path"] == f"/sites/{site.host}/sync"
    assert (line["method"], line["status"], line["level"]) == ("POST", 302, "info")


def test_an_id_that_is_none_is_replaced(stranger: Client) -> None:
    response = stranger.get("/login/", headers={"X-Request-ID": "{evil}"})

    assert "evil" not in response["X-Request-ID"]


def test_looking_is_no_news(viewer: Client, lines: Lines) -> None:
    viewer.get("/")

    (line,) = ours(lines)
    assert line["level"] == "debug"


def test_a_probe_leaves_no_line(stranger: Client, lines: Lines) -> None:
    stranger.get("/healthz")

    assert ours(lines) == []


def test_an_exception_is_one_line(lines: Lines) -> None:
    try:
        raise ValueError("first\nsecond")  # noqa: TRY301
    except ValueError:
        logging.getLogger("dashboard").exception("It broke")

    (line,) = ours(lines)
    assert "second" in line["exception"]


def test_no_secret_is_written_whoever_says_it(lines: Lines) -> None:
    try:
        raise ValueError(f"token {SECRET} was refused")  # noqa: TRY301
    except ValueError:
        logging.getLogger("deployments").exception("GitHub said %s", SECRET)

    (line,) = ours(lines)
    assert line["message"] == "GitHub said [hidden]"
    assert "token [hidden] was refused" in line["exception"]


def test_what_libraries_hang_on_a_line_is_left_out(lines: Lines) -> None:
    logging.getLogger("deployments").info("Said", extra={"request_object": "sessionid=abc", "site_id": 7})

    (line,) = ours(lines)
    assert line["site_id"] == 7
    assert "abc" not in json.dumps(line)
