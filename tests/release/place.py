"""A cluster that Headway is installed into: the demo's, or one that TEST_KUBECONFIG names. All is read and written by a real kubectl."""

import json
import os
import subprocess
import sys
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path

from simulators.cluster.kinds import Json
from tests.conftest import need_program
from tests.processes import CHECKOUT

HEADWAY = "headway"
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Place:
    kubeconfig: Path
    """An administrator's."""
    folder: Path
    sites: str = "default"
    """The namespace in which the own sites run."""

    def ask(self, *words: str, stdin: str = "") -> Done:
        env = {"KUBECONFIG": str(self.kubeconfig), "HOME": str(self.folder), "PATH": os.environ["PATH"]}
        command = [need_program("kubectl"), *words]
        return subprocess.run(
            command, env=env, input=stdin, capture_output=True, text=True, check=False, timeout=120
        )

    def kubectl(self, *words: str, stdin: str = "") -> str:
        done = self.ask(*words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def read(self, kind: str, namespace: str = HEADWAY) -> list[Json]:
        found: list[Json] = json.loads(
            self.kubectl("get", kind, f"--namespace={namespace}", "--output=json")
        )["items"]
        return found

    def secrets(self) -> dict[str, dict[str, str]]:
        """What Headway's Secrets hold, by name."""
        return {
            each["metadata"]["name"]: {
                key: b64decode(value).decode() for key, value in each.get("data", {}).items()
            }
            for each in self.read("secrets")
        }

    def account(self, name: str) -> Path:
        """Write a kubeconfig for a ServiceAccount of Headway's, with the token that the API server gives it."""
        token = self.kubectl("create", "token", name, f"--namespace={HEADWAY}").strip()
        config = json.loads(self.kubectl("config", "view", "--raw", "--flatten", "--minify", "--output=json"))
        path = self.folder / f"{name}.yaml"
        path.touch(mode=0o600)
        path.write_text(json.dumps(config | {"users": [{**config["users"][0], "user": {"token": token}}]}))
        return path

    def run_the_job(self) -> Done:
        """Run what the pod of install.yaml's Job would, with its account and what the manifest gives it."""
        (job,) = self.read("jobs")
        (container,) = job["spec"]["template"]["spec"]["containers"]
        env = {"KUBECONFIG": str(self.account("headway-secrets")), "PATH": os.environ["PATH"]}
        given = {name: value for name, value in self.environment(container).items() if value is not None}
        return subprocess.run(
            [sys.executable, *container["command"][1:]],
            cwd=CHECKOUT,
            env=env | given,
            timeout=60,
            capture_output=True,
            text=True,
            check=False,
        )

    def environment(self, container: Json) -> dict[str, str | None]:
        """What a kubelet makes of a container's secrets, by variable; None where one is missing."""
        keys = {
            each["name"]: each["valueFrom"]["secretKeyRef"]
            for each in container.get("env", [])
            if "secretKeyRef" in each.get("valueFrom", {})
        }
        secrets = self.secrets()
        return {name: secrets.get(key["name"], {}).get(key["key"]) for name, key in keys.items()}
