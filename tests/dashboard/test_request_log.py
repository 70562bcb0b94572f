"""Lines of the log."""

import contextlib
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


@contextlib.contextmanager
def logged(*, is_pretty: bool) -> Iterator[io.StringIO]:
    """What is written at DEBUG meanwhile."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    configuration = logs.configuration(level="DEBUG", is_pretty=is_pretty, secrets=[SECRET])
    formatter = configuration["formatters"]["line"]
    handler.setFormatter(logging.config.DictConfigurator(configuration).configure_formatter(dict(formatter)))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel("DEBUG")
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Log at DEBUG as in a cluster; return what was written, line by line."""
    with logged(is_pretty=False) as stream:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


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


def test_no_secret_is_written_wherever_it_comes_from(lines: Lines) -> None:
    try:
        raise ValueError(f"token {SECRET} was refused")  # noqa: TRY301
    except ValueError:
        logging.getLogger("deployments").exception("GitHub said %s", SECRET)

    (line,) = ours(lines)
    assert line["message"] == "GitHub said [hidden]"
    assert "token [hidden] was refused" in line["exception"]


@pytest.mark.parametrize("is_pretty", [True, False])
@pytest.mark.parametrize("place", ["/invited/", "/hooks/image/"])
def test_no_line_of_anyone_s_has_the_token_of_an_address(place: str, *, is_pretty: bool) -> None:
    with logged(is_pretty=is_pretty) as stream:
        Client(enforce_csrf_checks=True).post(f"{place}7-abc-def?next={place}7-abc-def", {"password1": "x"})
        logging.getLogger("django.request").error("Internal Server Error: %s", f"{place}7-abc-def")

    assert f"Internal Server Error: {place}…" in stream.getvalue()
    assert "abc-def" not in stream.getvalue()


def test_what_libraries_hang_on_a_line_is_left_out(lines: Lines) -> None:
    logging.getLogger("deployments").info(
        "Said", extra={"request_object": "sessionid=not for a log", "site_id": 7}
    )

    (line,) = ours(lines)
    assert line["site_id"] == 7
    assert "not for a log" not in json.dumps(line)


@pytest.mark.parametrize("odd", ["\n", "\r", "\x1b[2J", "\x9b1A", "\u2028", "\u202e", "\x00", "\x7f"])
def test_a_readable_line_spells_out_what_would_move_the_terminal(odd: str) -> None:
    with logged(is_pretty=True) as stream:
        logging.getLogger("dashboard").info("GET /%s", odd, extra={"path": f"/{odd}"})

    assert odd not in stream.getvalue().removesuffix("\n")
    assert odd.encode("unicode_escape").decode() in stream.getvalue()


def test_a_readable_traceback_keeps_its_lines_and_nothing_else() -> None:
    with logged(is_pretty=True) as stream:
        try:
            raise ValueError("first\n\x1b[2Jsecond")  # noqa: TRY301
        except ValueError:
            logging.getLogger("dashboard").exception("It broke")

    assert "\nValueError: first\n" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("path", ["/", "/login/"])
def test_a_wrong_host_is_one_line_and_a_warning(stranger: Client, lines: Lines, path: str) -> None:
    response = stranger.get(path, headers={"Host": "evil.example.com"})

    (line,) = [each for each in lines() if each["logger"] == "django.security.DisallowedHost"]
    assert response.status_code == 400
    assert line["level"] == "warning"
    assert "exception" not in line


def test_a_form_with_too_many_fields_is_a_warning_too(stranger: Client, lines: Lines) -> None:
    response = stranger.post("/login/", {f"f{number}": "" for number in range(1001)})

    (line,) = [each for each in lines() if each["logger"] == "django.security.TooManyFieldsSent"]
    assert response.status_code == 400
    assert (line["level"], "exception" in line) == ("warning", False)
