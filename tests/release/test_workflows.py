"""The workflows run on GitHub alone, not here: what can be said of them without it is checked."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.test_makefile import TARGETS
from tests.processes import CHECKOUT

FOLDER = CHECKOUT / ".github"
FILES = sorted((FOLDER / "workflows").glob("*.yml"))
TEXT = "\n".join(each.read_text() for each in FILES)
ACTION = re.compile(r"^\s+(?:- )?uses: (\S+)(.*)$", re.MULTILINE)
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("zizmor"), "--offline", "--pedantic", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "workflows" / name).read_text())["jobs"]
    return found


def test_zizmor_finds_nothing() -> None:
    done = zizmor(FOLDER)

    assert done.returncode == 0, done.stdout


def test_zizmor_would_find_a_tag_in_place_of_a_commit(tmp_path: Path) -> None:
    text = re.sub(r"@[0-9a-f]{40}", "@v4", (FOLDER / "workflows" / "gate.yml").read_text())
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / ".github" / "workflows" / "gate.yml").write_text(text)

    done = zizmor(tmp_path)

    assert done.returncode != 0
    assert "unpinned-uses" in done.stdout


@pytest.mark.parametrize(("action", "rest"), sorted(set(ACTION.findall(TEXT))))
def test_every_action_is_a_commit_with_its_version_beside_it(action: str, rest: str) -> None:
    assert action.startswith("$/") or (PINNED.fullmatch(action) and re.fullmatch(r"  # v[\d.]+", rest))


def test_what_they_make_is_there() -> None:
    asked = set(re.findall(r"\bmake (?:--silent )?([a-z-]+)", TEXT))

    assert asked >= {"audit", "digests", "manifests"}
    assert asked <= TARGETS | {"test-all"}


def test_the_gate_is_the_checkout_s_own() -> None:
    assert {"run": ".ci/run"} in jobs("gate.yml")["gate"]["steps"]


def test_nothing_is_released_before_the_gate_and_the_audit_have_passed() -> None:
    release = jobs("release.yml")
    (build,) = [each for each in release["image"]["steps"] if each.get("id") == "build"]

    assert release["image"]["needs"] == ["gate", "audit"]
    assert {"run": "make audit"} in release["audit"]["steps"]
    assert build["with"]["platforms"] == "linux/amd64,linux/arm64"
    assert (build["with"]["sbom"], build["with"]["provenance"]) == (True, "mode=max")


def test_the_image_is_in_the_registry_of_the_repository_s_owner() -> None:
    assert set(re.findall(r"ghcr\.io\S*", TEXT)) == {"ghcr.io", 'ghcr.io/${GITHUB_REPOSITORY,,}"'}
