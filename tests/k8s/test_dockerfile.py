"""The image. No docker runs here, so what it is made of is checked instead."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
COPIED = [
    source
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    for source in line.split()[:-1]
]


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")

    done = subprocess.run([hadolint, CHECKOUT / "Dockerfile"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("source", COPIED)
def test_what_is_copied_is_there_and_let_through(source: str) -> None:
    let_through = [
        line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    ]

    assert (CHECKOUT / source).exists()
    assert source in let_through


def test_nothing_of_tests_demo_and_development_is_in_it() -> None:
    assert not {"demo", "tests", "bench", "docs", "k8s", ".", "*"} & set(COPIED)
    assert "--no-dev" in DOCKERFILE
    assert (CHECKOUT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_what_is_copied_imports_nothing_that_is_not() -> None:
    ours = [path.name for path in CHECKOUT.iterdir() if (path / "__init__.py").exists()]
    left_out = set(ours) - set(COPIED)
    assert {"demo", "tests"} <= left_out
    imports = re.compile(rf"^\s*(from|import) ({'|'.join(left_out)})\b", re.MULTILINE)

    guilty = [
        str(path)
        for name in COPIED
        for path in (CHECKOUT / name).rglob("*.py")
        if imports.search(path.read_text())
    ]

    assert guilty == []


def test_its_uv_and_its_python_suit_the_project() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    pythons = re.findall(r"^ARG PYTHON_IMAGE=python:(\d+)\.(\d+)-slim-\w+$", DOCKERFILE, re.MULTILINE)

    assert len(pythons) == 1
    assert tuple(map(int, pythons[0])) >= (3, 11)
    assert project["requires-python"] == ">=3.11"
    (uv,) = re.findall(r"^ARG UV_IMAGE=\S+/uv:([\d.]+)$", DOCKERFILE, re.MULTILINE)
    assert f"uv=={uv}" in (CHECKOUT / "Makefile").read_text()


def test_every_image_that_it_builds_on_can_be_given_by_digest() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    copied_from = re.findall(r"^COPY --from=(\S+)", DOCKERFILE, re.MULTILINE)
    stages = re.findall(r"^FROM \S+ AS (\w+)", DOCKERFILE, re.MULTILINE)

    assert set(bases) == {"${PYTHON_IMAGE}", "${UV_IMAGE}"}
    assert set(copied_from) <= set(stages)


def test_it_runs_as_nobody_in_particular() -> None:
    assert re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE) == [("10001", "10001")]
