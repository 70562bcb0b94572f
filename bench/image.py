"""The Dockerfile's first stage, replayed in a folder: what it copies, what it runs, and nothing else, so that what ships is measured."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
ROOT = "/opt/headway"
MOUNT = re.compile(r"--mount=\S+ ")


@dataclass
class Image:
    """`folder` is the image's /opt/headway; `environment` is what the last stage sets."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    health_check: list[str] = field(default_factory=list)

    @property
    def python(self) -> str:
        return str(self.folder / ".venv" / "bin" / "python")

    def files(self) -> dict[str, float]:
        """Every file with the time of its last change."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.stat().st_mtime for path in found}


BUILD, LAST = -2, -1
"""Stages of the Dockerfile, from its end."""


def instructions(stage: int) -> list[tuple[str, str]]:
    """Return (instruction, rest) of one stage, lines joined, comments left out."""
    text = re.sub(r"^#.*\n", "", (CHECKOUT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    split = [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines if line.strip()]
    starts = [number for number, (name, _) in enumerate(split) if name == "FROM"]
    stage %= len(starts)
    return split[starts[stage] : [*starts, len(split)][stage + 1]]


def build(folder: Path) -> Image:
    """Replay the first stage in a new folder, then read what the last one says."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {"PATH": f"{_uv().parent}:{os.environ['PATH']}", "UV_PYTHON": sys.executable}
    environment |= {name: os.environ[name] for name in os.environ if name.startswith(("UV_", "SSL_CERT"))}
    for name, rest in instructions(BUILD):
        here = rest.replace(ROOT, str(folder))
        if name in {"ENV", "ARG"}:
            environment |= _pairs(here)
        elif name == "COPY" and not rest.startswith("--from"):
            _copy(here.split(), folder)
        elif name == "RUN":
            done = subprocess.run(
                ["sh", "-ec", MOUNT.sub("", here)],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
    return _last_stage(Image(folder))


def _last_stage(image: Image) -> Image:
    for name, rest in instructions(LAST):
        here = rest.replace(ROOT, str(image.folder))
        if name == "ENV":
            image.environment |= _pairs(here)
        elif name == "CMD":
            image.command = _words(here)
        elif name == "HEALTHCHECK":
            image.health_check = _words(here.partition("CMD ")[2])
    image.environment["PATH"] = image.environment["PATH"].replace("$PATH", os.environ["PATH"])
    return image


def _copy(words: list[str], folder: Path) -> None:
    *sources, target = words
    for source in sources:
        if (CHECKOUT / source).is_dir():
            shutil.copytree(CHECKOUT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(CHECKOUT / source, folder / target)


def _pairs(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, _, value in (each.partition("=") for each in text.split())}


def _words(text: str) -> list[str]:
    words: list[str] = json.loads(text)
    return words


def _uv() -> Path:
    ours = CHECKOUT / ".headway" / "uv" / "bin" / "uv"
    found = str(ours) if ours.exists() else shutil.which("uv")
    assert found, "uv is not installed: make fetches it"
    return Path(found)
