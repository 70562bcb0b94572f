"""The PostgreSQL component: its owner is no superuser, and can do all that an upgrade needs."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import yaml
from django.db import connection

from dashboard.postgres_programs import programs
from tests.k8s.manifests import K8S, named
from tests.processes import CHECKOUT, MANAGE, database_url, environment

pytestmark = pytest.mark.django_db
SCRIPT = K8S / "components" / "postgres" / "owner.sh"
PASSWORD = "the owner's password"


@pytest.fixture
def name() -> Iterator[str]:
    """In place of `headway`: the role and its database, and what the names of the other two begin with."""
    name = f"headway_{uuid4().hex[:8]}"
    yield name
    here = connection.get_connection_params() | {"context": None, "cursor_factory": psycopg.Cursor}
    with psycopg.connect(**here, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for role in (f"{name}_web", f"{name}_worker", name):
            server.execute(f"DROP ROLE IF EXISTS {role}")


def start_for_the_first_time(name: str) -> None:
    """What the image's entrypoint does with the script, on the tests' server."""
    here = connection.get_connection_params()
    script = SCRIPT.read_text().replace("headway", name)
    path = f"{programs()}:{os.environ['PATH']}"
    env = {
        "PATH": path,
        "PGHOST": str(here["host"]),
        "PGPORT": str(here.get("port") or 5432),
        "POSTGRES_USER": str(here["user"]),
        "HEADWAY_PASSWORD": PASSWORD,
    }
    subprocess.run(["sh", "-e"], input=script, env=env, text=True, check=True, capture_output=True)


def url(role: str, database: str) -> str:
    _, _, rest = database_url().partition("@")
    return f"postgres://{role}:secret@/{database}?{rest.partition('?')[2]}"


def test_the_superuser_is_nobody_whom_a_process_of_ours_connects_as() -> None:
    (container,) = named("components/postgres", "StatefulSet", "headway-postgres")["spec"]["template"][
        "spec"
    ]["containers"]
    given = {each["name"]: each for each in container["env"]}

    assert given["POSTGRES_USER"]["value"] == "postgres"
    assert given["HEADWAY_PASSWORD"]["valueFrom"]["secretKeyRef"]["key"] == "HEADWAY_PASSWORD"
    assert "POSTGRES_DB" not in given


def mounts_of_the_pod() -> tuple[str, str, str]:
    """The image, where the volume is mounted, and where the data are."""
    pod = named("components/postgres", "StatefulSet", "headway-postgres")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (mount,) = [each["mountPath"] for each in container["volumeMounts"] if each["name"] == "data"]
    (data,) = [each["value"] for each in container["env"] if each["name"] == "PGDATA"]
    return container["image"], mount, data


def mounts_of_compose() -> tuple[str, str, str]:
    service: dict[str, Any] = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())["services"][
        "headway-postgres"
    ]
    (mount,) = [each.split(":")[1] for each in service["volumes"] if each.startswith("data:")]
    return service["image"], mount, service["environment"]["PGDATA"]


@pytest.mark.parametrize("place", [mounts_of_the_pod, mounts_of_compose])
def test_its_volume_is_mounted_where_the_image_since_version_18_has_a_folder(
    place: Callable[[], tuple[str, str, str]],
) -> None:
    """At /var/lib/postgresql/data that image has a symbolic link, and no runtime mounts a volume on one:
    https://github.com/docker-library/postgres/pull/1259, https://github.com/docker-library/postgres/issues/1364."""
    image, mount, data = place()

    assert image.startswith("postgres:18")
    assert mount == "/var/lib/postgresql"
    # Not the volume's root, which a file system may keep its lost+found in; and where a volume of an earlier version has it.
    assert data == f"{mount}/18"


@pytest.mark.slow
def test_an_owner_who_is_no_superuser_upgrades_an_empty_database(name: str, tmp_path: Path) -> None:
    start_for_the_first_time(name)
    web, worker = url(f"{name}_web", name), url(f"{name}_worker", name)
    env = environment(tmp_path, WEB_DATABASE_URL=web, WORKER_DATABASE_URL=worker)

    done = subprocess.run(
        [*MANAGE, "upgrade"],
        env=env | {"DATABASE_URL": url(name, name)},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    again = subprocess.run(
        [*MANAGE, "sites"],
        env=env | {"DATABASE_URL": worker},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert (again.returncode, again.stderr) == (0, "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = %s", [name])
        assert cursor.fetchone() == (False, True)
        cursor.execute(
            "SELECT bool_or(rolsuper OR rolcreaterole) FROM pg_roles WHERE rolname LIKE %s", [f"{name}_w%"]
        )
        assert cursor.fetchone() == (False,)
