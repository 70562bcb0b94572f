"""The tests' database as a production one has it: an owner, and a role each for web and the worker with no more than their privileges."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from tempfile import gettempdir

import psycopg
from django.db import connection
from django.http import HttpRequest, HttpResponse

from deployments.database_roles import Login, ensure_roles
from tests.processes import database_url

WEB = Login("headway_test_web", "a web's password")
WORKER = Login("headway_test_worker", "a worker's password")


@contextmanager
def alone_with_roles() -> Iterator[None]:
    """Roles are a server's, and pytest-xdist's processes share one: each waits for the others."""
    with open(os.path.join(gettempdir(), f"headway-roles-{os.geteuid()}"), "w") as file:  # noqa: PTH118, PTH123
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_roles() -> None:
    """Have both in this database."""
    with alone_with_roles():
        ensure_roles(web=WEB, worker=WORKER)


def url_of(login: Login) -> str:
    """The address of the tests' database for a process that connects as this role."""
    own = str(connection.get_connection_params()["user"])
    _, _, rest = database_url().partition("@")
    assert own != login.name
    return f"postgres://{login.name}:{login.password.replace(' ', '%20')}@{rest}"


@contextmanager
def acting_as(login: Login) -> Iterator[None]:
    """Have this process' connection be limited to what the role may do. What it asks itself is none of Django's statements."""
    connection.ensure_connection()
    raw = connection.connection
    if not raw.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login.name]).fetchone():
        # A server of a test's own.
        make_roles()
    raw.execute(f"SET ROLE {login.name}")
    try:
        yield
    finally:
        with suppress(psycopg.Error):
            if connection.connection is raw:
                raw.execute("RESET ROLE")


def as_web(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware: what a request reads and writes it does as web's role."""

    def answer(request: HttpRequest) -> HttpResponse:
        if connection.connection is not None and connection.connection.closed:
            # A test that needs no database: nor may this middleware.
            return get_response(request)
        with acting_as(WEB):
            return get_response(request)

    return answer
