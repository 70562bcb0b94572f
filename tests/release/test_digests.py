"""`make digests`: what a release is built on and installed with, by digest, as its registry has it now."""

import subprocess
import sys
from pathlib import Path

import pytest

from release.digests import CHECKOUT, images_in
from simulators.registry import OCI_INDEX, DemoRegistry


def checkout_of(folder: Path, registry: DemoRegistry) -> Path:
    """Return a checkout that builds on and runs one image each of that registry."""
    (folder / "k8s").mkdir()
    (folder / "Dockerfile").write_text(
        f"ARG PYTHON_IMAGE={registry.host}/python:3.11-slim\nFROM $PYTHON_IMAGE\n"
    )
    (folder / "k8s" / "db.yaml").write_text(
        f"containers:\n  - name: db\n    image: {registry.host}/my-db:18\n  - image: headway\n"
    )
    return folder


def digests(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "release.digests", str(checkout)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_each_tagged_image_gets_the_digest_of_its_index(tmp_path: Path, demo_registry: DemoRegistry) -> None:
    python = demo_registry.push("python", "3.11-slim", media_type=OCI_INDEX)
    database = demo_registry.push("my-db", "18", media_type=OCI_INDEX)

    done = digests(checkout_of(tmp_path, demo_registry))

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"PYTHON_IMAGE={demo_registry.host}/python:3.11-slim@{python}",
        f"MY_DB_IMAGE={demo_registry.host}/my-db:18@{database}",
    ]


def test_one_that_cannot_be_had_is_named_and_nothing_is_pinned(
    tmp_path: Path, demo_registry: DemoRegistry
) -> None:
    demo_registry.push("python", "3.11-slim")

    done = digests(checkout_of(tmp_path, demo_registry))

    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == f"Nothing was pinned. {demo_registry.host}/my-db:18: its registry has no such image.\n"
    )


def test_a_registry_that_does_not_answer_is_named(tmp_path: Path, demo_registry: DemoRegistry) -> None:
    checkout = checkout_of(tmp_path, demo_registry)
    demo_registry.stop()

    done = digests(checkout)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Nothing was pinned. {demo_registry.host}/python:3.11-slim: ")
    assert "Traceback" not in done.stderr


def test_of_this_checkout_these_are_pinned() -> None:
    assert images_in(CHECKOUT).keys() == {
        "PYTHON_IMAGE",
        "UV_IMAGE",
        "POSTGRES_IMAGE",
        "CLOUD_SQL_PROXY_IMAGE",
    }


@pytest.mark.parametrize("image", images_in(CHECKOUT).values())
def test_none_of_them_is_the_latest(image: str) -> None:
    assert image.rpartition("/")[2].partition(":")[2] not in {"", "latest"}
