"""Requests that nobody's browser sends, from a seed: the same seed sends the same ones. What they find are errors of ours, alone."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from random import Random
from typing import Any
from urllib.parse import quote_plus, unquote_to_bytes

from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client, RequestFactory

from dashboard.well_formed import Handler
from tests.dashboard.conftest import HEAD, HOST, RUNNING
from tests.dashboard.test_every_address import ROUTES, address_of

SECRET = "s" * 32
TOGETHER = 100
"""Requests that see each other's doings; then everything is as before."""
TIMES = (
    "9999-12-31T23:59",
    "9999-12-31T23:59:59",
    "10000-01-01T00:00",
    "0001-01-01T00:00",
    "0000-00-00T00:00",
    "2200-01-01T00:00",
    "2199-12-31T23:59",
    "1969-12-31T23:59",
    "2026-02-30T12:00",
    "2026-10-25T02:30",
    "-1-01-01T00:00",
    "infinity",
    "now",
    "24:00",
)
ZONES = (
    "America/New_York",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "UTC",
    "../../etc/passwd",
    "Nowhere",
    "",
    "\x00",
)
NUMBERS = (
    "9999",
    "NaN",
    "Infinity",
    "-0",
    "1e400",
    "-1",
    "0",
    "1",
    "2",
    "9" * 19,
    "9" * 400,
    "1.5",
    "0x1f",
    "\u0663",
    "\u00b2",
    "1\n",
    "1\x00",
    " 1",
)
TEXTS = (
    "",
    " ",
    "\n",
    "\x00",
    "a\x00b",
    "\r\n\r\n",
    "\u202e",
    "\ud7ff",
    "\ufffe",
    "🚀" * 200,
    "%",
    "%s%n%(x)s",
    "{{ 7 }}{0}{x.__class__}",
    "' OR 1=1 --",
    "<script>",
    "../../x:1",
    "gcr.io/icco-cloud/../../x:1",
    "a" * 5000,
    "null",
    "[]",
    "{}",
    "[" * 2000,
    '{"a": "\\ud800"}',
    "https://[::1",
    "http://a:b@c:99999/",
    "//evil.example.com",
    "javascript:alert(1)",
    "data:,x",
    "\\",
    "a,b;c=d",
    "=?utf-8?b?AA==?=",
)
GOOD = (
    HEAD,
    RUNNING,
    f"{HEAD}\n",
    f"{HOST} {HEAD} {RUNNING}",
    "5e9ae7a8-3c1c-4d58-9d7f-0f3d5a1f0f3d",
    HOST,
    "on",
    "at",
    "hour",
    "all",
    "icco",
    "yes",
)
FIELDS = (
    "q",
    "state",
    "page",
    "p",
    "o",
    "e",
    "all",
    "sha",
    "seen",
    "key",
    "reason",
    "ends",
    "at",
    "zone",
    "next",
    "item",
    "follow",
    "when_ready",
    "wait_for_ci",
    "accept_red",
    "accept_foreign_image",
    "who",
    "kind",
    "site",
    "image",
    "image_template",
    "subscription",
    "endpoint",
    "p256dh",
    "auth",
    "script",
    "scope",
    "starred",
    "succeeded",
    "login",
    "password",
    "oldpassword",
    "password1",
    "password2",
    "code",
    "credential",
    "name",
    "username",
    "role",
    "is_active",
    "first_name",
    "host",
    "owner",
    "repository",
    "branch",
    "namespace",
    "deployment",
    "container",
    "check_path",
    "check_status",
    "check_timeout_seconds",
    "minimum_interval_minutes",
    "minutes",
    "action",
    "_selected_action",
    "select_across",
    "index",
    "post",
    "_save",
    "_popup",
    "_to_field",
    "id__exact",
    "pk__range",
    "at__year",
    "requested_at__year__exact",
    "last_login__regex",
    "_changelist_filters",
    "workloads-TOTAL_FORMS",
    "workloads-0-name",
    "tags",
    "image_template",
    "former_repository",
    "release_job",
    "switch",
    "container",
    "pod",
    "auto_deploy__exact",
    "session",
    "csrfmiddlewaretoken",
    "usable_password",
)
HEADERS = (
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_HX_REQUEST",
    "HTTP_HX_CURRENT_URL",
    "HTTP_HX_TARGET",
    "HTTP_HX_TRIGGER",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_RANGE",
    "HTTP_REFERER",
    "HTTP_ORIGIN",
    "HTTP_USER_AGENT",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_REQUESTED_WITH",
    "HTTP_X_REQUEST_ID",
    "HTTP_HOST",
    "HTTP_AUTHORIZATION",
    "HTTP_TRACEPARENT",
    "HTTP_CONTENT_ENCODING",
)
CHARSETS = (
    "utf-8",
    "hex",
    "zip",
    "rot13",
    "utf-16",
    "utf-7",
    "idna",
    "punycode",
    "undefined",
    "nowhere",
    "\x00",
    "",
)
TYPES = (
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/json",
    "text/plain",
    "",
    ";",
    "/",
)
CHARSET_SIGNS = ("=", "*=utf-8''", "*=nowhere''")
FILE_NAMES = ("", "", '; filename="a"', "; filename*=x''a")
COOKIES = ("tz", "csrftoken", "messages", "passkey", "x")


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    query: str
    body: bytes
    environ: dict[str, str]
    cookies: dict[str, str] = field(default_factory=dict)


def requests_from(random: Random) -> Iterator[Sent]:
    """Return no end of requests."""
    while True:
        method = random.choice(
            ("GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "\u017f")
        )
        content_type = random.choice(TYPES[:3] * 4 + TYPES)
        if random.random() < 0.2:
            content_type += f"; charset{random.choice(CHARSET_SIGNS)}{random.choice(CHARSETS)}"
        yield Sent(
            method,
            _path(random),
            _encoded(random) if random.random() < 0.5 else "",
            _body(random, content_type) if method != "GET" else b"",
            {name: _value(random) for name in random.sample(HEADERS, random.choice((0, 0, 1, 3, 9)))}
            | {"CONTENT_TYPE": content_type},
            {name: _value(random) for name in random.sample(COOKIES, random.choice((0, 0, 0, 1)))},
        )


def answers(sent: Sequence[Sent], client: Client) -> list[tuple[Sent, int | str]]:
    """Send them as gunicorn would; return those that were an error of ours, with the status or the exception."""
    handler, broken = Handler(), []
    logging.disable()
    # They would close the test's own connection, in which its transaction is.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    for first in range(0, len(sent), TOGETHER):
        with transaction.atomic():
            for each in sent[first : first + TOGETHER]:
                outcome = _ask(handler, each, client)
                if not isinstance(outcome, int) or outcome >= 500:
                    broken.append((each, outcome))
            transaction.set_rollback(True)
    logging.disable(logging.NOTSET)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    return broken


def fuzzed(*, seed: int, count: int, user: User | None) -> list[tuple[Sent, int | str]]:
    """Send `count` requests as that person, or as nobody."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return answers(list(islice(requests_from(Random(f"{seed} {user}")), count)), client)


def _ask(handler: Handler, sent: Sent, client: Client) -> int | str:
    cookies = (
        {name: each.value for name, each in client.cookies.items()} | {"csrftoken": SECRET} | sent.cookies
    )
    environ: dict[str, Any] = RequestFactory()._base_environ(
        REQUEST_METHOD=sent.method,
        PATH_INFO=unquote_to_bytes(sent.path).decode("latin-1"),
        QUERY_STRING=sent.query,
        CONTENT_LENGTH=str(len(sent.body)),
        HTTP_X_CSRFTOKEN=SECRET,
        REMOTE_ADDR=f"192.0.2.{Random(sent.path + sent.query).randrange(256)}",
    )
    environ |= {name: _latin(value) for name, value in sent.environ.items()}
    environ |= {
        "wsgi.input": BytesIO(sent.body),
        "HTTP_COOKIE": _latin("; ".join(f"{name}={value}" for name, value in cookies.items())),
    }
    statuses = []
    try:
        answer = handler(environ, lambda status, _headers: statuses.append(int(status[:3])))
        b"".join(answer)
        answer.close()
    except Exception as error:  # noqa: BLE001  whatever it is, it is what is looked for
        return repr(error)
    return statuses[0]


def _latin(value: str) -> str:
    """Return a header as it comes from a socket: bytes, each a character, without those that end it."""
    return value.replace("\n", "").replace("\r", "").encode("utf-8", "replace").decode("latin-1")


def _value(random: Random) -> str:
    return random.choice(random.choice((TIMES, ZONES, NUMBERS, TEXTS, GOOD, GOOD)))


def _path(random: Random) -> str:
    path = address_of(random.choice(ROUTES)).replace(
        "a.example.com", random.choice((HOST, HOST, HOST, "b.example.com"))
    )
    if random.random() < 0.1:
        path = path.replace("/1/", f"/{quote_plus(_value(random))}/")
    if random.random() < 0.05:
        path += quote_plus(random.choice(("\x00", "\n", "..", "//", "\u202e", "a" * 3000)))
    return path


def _encoded(random: Random) -> str:
    pairs = [(random.choice(FIELDS), _value(random)) for _ in range(random.randrange(1, 9))]
    return "&".join(f"{name}={quote_plus(value.encode('utf-8', 'replace'))}" for name, value in pairs)


def _body(random: Random, content_type: str) -> bytes:
    if "boundary=x" in content_type:
        parts = "".join(_part(random) for _ in range(random.randrange(6)))
        return f"{parts}--x--\r\n".encode("utf-8", "replace")
    if random.random() < 0.1:
        return random.randbytes(random.randrange(300))
    return _encoded(random).encode()


def _part(random: Random) -> str:
    name = f'name="{random.choice(FIELDS)}"{random.choice(FILE_NAMES)}'
    return f"--x\r\nContent-Disposition: form-data; {name}\r\n\r\n{_value(random)}\r\n"
