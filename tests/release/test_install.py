"""The manual's four commands, as they are written there, with a real kubectl against the demo's API server."""

import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.cluster import DemoCluster
from tests.conftest import need_program
from tests.docs.commands import commands, section
from tests.k8s.manifests import containers
from tests.processes import CHECKOUT
from tests.release.place import Place

pytestmark = pytest.mark.slow  # starts processes
MANUAL = CHECKOUT / "docs" / "operate.md"
Run = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cluster() -> Iterator[DemoCluster]:
    with DemoCluster(start_seconds=0.05) as cluster:
        yield cluster


@pytest.fixture
def place(cluster: DemoCluster, tmp_path: Path) -> Place:
    return Place(cluster.write_kubeconfig(tmp_path / "admin.yaml", "admin"), tmp_path)


@pytest.fixture
def run(place: Place, tmp_path: Path) -> Run:
    """Run a line of the manual, as an administrator of the cluster does: no word of it is changed but for the places to fill in."""
    need_program("kubectl")
    need_program("make")
    # Two lines wait for make in the checkout; what it writes belongs into a folder of this test's.
    make = tmp_path / "bin" / "make"
    make.parent.mkdir()
    make.write_text(
        f'#!/bin/sh\nexec /usr/bin/env -u MAKEFLAGS {need_program("make")} --file {CHECKOUT}/Makefile "$@"\n'
    )
    make.chmod(0o755)
    (tmp_path / "k8s").symlink_to(CHECKOUT / "k8s")
    env = {
        "KUBECONFIG": str(place.kubeconfig),
        "HOME": str(tmp_path),
        "PATH": f"{make.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT),
    }

    def run(line: str) -> subprocess.CompletedProcess[str]:
        line = line.replace("=…", "=a-token")
        return subprocess.run(
            ["sh", "-c", line],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def four() -> list[str]:
    return commands(section(MANUAL, "Install"))


def test_there_are_four_of_them() -> None:
    assert [line.split()[0] for line in four()] == ["make", "kubectl", "kubectl", "kubectl"]


def test_each_of_them_works_as_it_is_written_without_a_warning(
    cluster: DemoCluster, run: Run, tmp_path: Path
) -> None:
    make, apply, token, logs = four()

    done = [run(make), run(apply), run(token)]
    cluster.settle_now()
    done.append(run(logs))

    assert [(each.returncode, each.stderr) for each in done] == [(0, "")] * 4
    assert "secret/headway-worker created" in done[2].stdout
    assert done[3].stdout
    assert cluster.deployment("headway", "headway-web")["status"]["readyReplicas"] == 1


def test_the_job_makes_every_secret_that_a_process_wants_and_none_of_them_is_another_s(
    cluster: DemoCluster, place: Place, run: Run
) -> None:
    for line in four()[:3]:
        run(line)

    done = place.run_the_job()

    assert done.returncode == 0, done.stderr
    specs = [
        each["spec"]["template"]["spec"]
        for kind in ("deployments", "statefulsets")
        for each in cluster.store.all_of(kind, "headway")
    ]
    given = {one["name"]: place.environment(one) for pod in specs for one in containers(pod)}
    assert given.keys() == {"migrate", "web", "worker", "postgres"}
    assert [value for values in given.values() for value in values.values() if not value] == []
    owner, web, worker = (given[name]["DATABASE_URL"] for name in ("migrate", "web", "worker"))
    assert (
        owner == f"postgres://headway:{given['postgres']['HEADWAY_PASSWORD']}@headway-postgres:5432/headway"
    )
    assert len({owner, web, worker}) == 3
    assert len(given["web"]["SECRET_KEY"] or "") == 64
    assert given["web"]["SECRET_KEY"] == given["worker"]["SECRET_KEY"]
    shown = done.stdout + done.stderr
    assert not any(value in shown for values in given.values() for value in values.values() if value)


def test_run_again_the_job_changes_nothing(cluster: DemoCluster, place: Place, run: Run) -> None:
    for line in four()[:2]:
        run(line)
    place.run_the_job()
    first = cluster.store.find("secrets", "headway", "headway")

    again = place.run_the_job()

    assert (again.returncode, again.stdout) == (
        0,
        "The Secret headway is there already: nothing was changed.\n",
    )
    assert cluster.store.find("secrets", "headway", "headway") == first


def test_without_its_role_the_job_says_what_is_missing(place: Place, run: Run) -> None:
    for line in four()[:2]:
        run(line)
    run("kubectl --namespace headway delete rolebinding headway-secrets")

    done = place.run_the_job()

    assert done.returncode == 1
    assert "Grant it in Headway's Role" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_of_ones_own_keeps_its_host_and_its_owner(
    cluster: DemoCluster, place: Place, run: Run
) -> None:
    url = "postgres://owner:p%40ss@db.example.org:5433/ours?sslmode=require"
    run(f"{four()[0]} DATABASE_URL='{url}'")
    run(four()[1])

    done = place.run_the_job()

    assert done.returncode == 0, done.stderr
    kept = cluster.store.find("secrets", "headway", "headway") or {}
    values = {name: b64decode(value).decode() for name, value in kept["data"].items()}
    assert values["DATABASE_URL"] == url
    assert values["WEB_DATABASE_URL"].startswith("postgres://headway_web:")
    assert values["WORKER_DATABASE_URL"].endswith("@db.example.org:5433/ours?sslmode=require")
    assert "POSTGRES_PASSWORD" not in values


@pytest.mark.parametrize("url", ["mysql://o:p@db/h", "postgres:///name", "postgres://o:p@db"])
def test_an_address_of_no_database_is_said_so_without_repeating_it(url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deployments.management.generate_secrets", "--print"]

    done = subprocess.run(
        command, cwd=CHECKOUT, env={"DATABASE_URL": url}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL names no database. ")
    assert url not in done.stderr + done.stdout


def test_applied_again_nothing_is_replaced(cluster: DemoCluster, run: Run) -> None:
    for line in four()[:2]:
        run(line)

    done = run(four()[1])

    assert (done.returncode, done.stderr) == (0, "")
    # kubectl sends a PodDisruptionBudget's selector each time.
    changed = [line for line in done.stdout.splitlines() if not line.endswith(" unchanged")]
    assert all(line.startswith("poddisruptionbudget.policy/") for line in changed)


def test_an_overlay_of_ones_own_is_applied_with_secrets_that_make_prints(
    cluster: DemoCluster, place: Place, run: Run
) -> None:
    lines = commands(section(MANUAL, "Your own overlay"))
    inside = [line for line in lines if " exec " in line]

    done = [run(line) for line in lines if line not in inside]

    assert [(each.returncode, each.stderr) for each in done] == [(0, "")] * 4
    assert "successfully rolled out" in done[-1].stdout
    pod = cluster.deployment("headway", "headway-web")["spec"]["template"]["spec"]
    given = {one["name"]: place.environment(one) for one in containers(pod)}
    assert [value for values in given.values() for value in values.values() if not value] == []


def test_web_and_worker_are_scaled_down_and_up_around_a_restore(cluster: DemoCluster, run: Run) -> None:
    for line in four()[:2]:
        run(line)
    down, up = [line for line in commands(section(MANUAL, "Back up and restore")) if " scale " in line]
    replicas = []

    for line in (down, up):
        assert run(line).returncode == 0
        replicas.append(
            [
                cluster.deployment("headway", name)["spec"]["replicas"]
                for name in ("headway-web", "headway-worker")
            ]
        )

    assert replicas == [[0, 0], [1, 1]]
