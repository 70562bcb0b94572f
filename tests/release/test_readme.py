"""The README's commands for one's own sites, pasted into a shell as they are written there, over a world on loopback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.world import World
from deployments.models import Site
from tests.conftest import need_program
from tests.docs.commands import commands, section
from tests.processes import CHECKOUT, environment
from tests.worlds import world

__all__ = ["world"]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LINES = commands(section(CHECKOUT / "README.md", "Try it on your own sites"))
PERSON = f"""#!{sys.executable}
# Fills in what only a person knows, as someone does in an editor.
import csv, sys
owners = {{owners}}
with open(sys.argv[1]) as file:
    rows = list(csv.DictReader(file))
with open(sys.argv[1], "w") as file:
    writer = csv.DictWriter(file, rows[0])
    writer.writeheader()
    for row in rows:
        writer.writerow(row | {{{{"host": row["name"] + ".example.com", "owner": owners[row["name"]]}}}})
"""


@pytest.fixture
def folder(tmp_path: Path, world: World) -> Path:
    """A folder with what these commands find in the checkout, where they may leave something behind."""
    need_program("make")
    for name in (".venv", "manage.py", "Makefile", "pyproject.toml", "uv.lock"):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    # The packages are there: whatever make thinks of their age, nothing is fetched in a test.
    uv = tmp_path / ".headway" / "uv" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text("#!/bin/sh\n")
    editor = tmp_path / "editor"
    owners = {each.deployment: each.owner for each in world.mappings.values()}
    editor.write_text(PERSON.format(owners=owners))
    for program in (uv, editor):
        program.chmod(0o755)
    return tmp_path


def paste(lines: list[str], folder: Path, world: World, **instead: str) -> subprocess.CompletedProcess[str]:
    """Run them all at once; only where GitHub, the cluster and the images are is this world's."""
    settings = world.settings(folder)
    given = {name: settings.pop(name) for name in ("GITHUB_TOKEN", "KUBECONFIG", "IMAGE_TEMPLATE")} | instead
    exported = [
        f"export {name}='{given[name]}'" for line in lines for name in given if f"export {name}=" in line
    ]
    others = [line for line in lines if not line.startswith("export ")]
    env = environment(folder) | settings | {"EDITOR": str(folder / "editor"), "PATH": os.environ["PATH"]}
    for name in given:
        env.pop(name, None)
    script = "\n".join([*exported, *others])
    return subprocess.run(
        ["sh"], input=script, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_last_of_them_stays_in_the_foreground_so_that_none_overtakes_another() -> None:
    assert LINES[-1] == "make run"
    assert not [line for line in LINES if line.endswith("&")]


def test_the_commands_work_as_they_are_pasted(folder: Path, world: World) -> None:
    done = paste(LINES[:-1], folder, world)

    assert done.returncode == 0, done.stdout + done.stderr
    found = Site.objects.count()
    assert found == len(world.mappings)
    assert f"{found} sites added, 0 updated, 0 unchanged." in done.stdout
    assert f"{found} sites, {found} changed, 0 with problems, 0 would be deployed" in done.stdout


def test_a_wrong_token_is_said_once_for_all_sites(folder: Path, world: World) -> None:
    done = paste(LINES[:-1], folder, world, GITHUB_TOKEN="wrong")

    (line,) = [line for line in done.stdout.splitlines() if line.startswith(f"{len(world.mappings)} sites: ")]
    assert "GitHub does not accept the token" in line
    assert "No site could be checked." in done.stderr
