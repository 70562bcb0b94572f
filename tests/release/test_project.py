"""What the project says of itself: its licence, its version, and names that nobody else can take."""

import re
import subprocess
import tomllib
from datetime import date

from tests.processes import CHECKOUT

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
REGISTRY = re.compile(
    r"\b(?:ghcr\.io|(?:\w+\.)?gcr\.io|docker\.io|quay\.io|[\w-]+\.pkg\.dev)/(?!\{)([\w.-]+)"
)
OTHERS = {"astral-sh", "cloud-sql-connectors", "library", "repository"}
"""Whose images we use: uv's, Google's proxy, and Docker's own; and Quay's pages about images, which are no images."""
SHIPPED = (
    "*.md",
    "k8s",
    "dashboard",
    "deployments",
    "templates",
    "Dockerfile",
    "Makefile",
    "release",
    "compose.yaml",
)


def test_the_licence_is_the_whole_of_apache_2() -> None:
    text = (CHECKOUT / "LICENSE").read_text()

    assert PROJECT["license"] == "Apache-2.0"
    assert [f"   {number}. " in text for number in range(1, 10)] == [True] * 9
    assert "Copyright 2026 The Headway authors" in text
    assert "[yyyy]" not in text


def test_its_version_has_a_dated_entry_in_the_changelog() -> None:
    entries = re.findall(r"^## (\S+) · (\S+)$", (CHECKOUT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert dict(entries).keys() >= {PROJECT["version"]}
    assert all(date.fromisoformat(each) for _, each in entries)


def test_every_manifest_names_its_version_and_a_place_where_no_image_can_lie() -> None:
    files = [each.read_text() for each in (CHECKOUT / "k8s").rglob("kustomization.yaml")]
    images = {image for text in files for image in re.findall(r"newName: (\S+)\n +newTag: (\S+)\n", text)}

    assert images == {("set-the-image.invalid/headway", PROJECT["version"])}


def shipped() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *SHIPPED],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout.split()


def test_no_manifest_default_or_example_names_a_registry_path_that_someone_else_could_own() -> None:
    named = {
        (file, name)
        for file in shipped()
        for name in REGISTRY.findall((CHECKOUT / file).read_bytes().decode(errors="replace"))
    }

    assert {each for each in named if each[1] not in OTHERS} == set()


def test_a_path_that_someone_could_own_is_found() -> None:
    text = "ghcr.io/icco/headway gcr.io/my-project/x europe-docker.pkg.dev/p/x ghcr.io/{owner}/x registry.example.com/a"

    assert REGISTRY.findall(text) == ["icco", "my-project", "p"]
