"""compose.yaml. No docker runs here, so its shape is checked, and that it names nothing which the code or the manual lacks."""

import re
from typing import Any

import pytest
import yaml

from deployments.management.generate_secrets import generated
from tests.docs.commands import section
from tests.k8s.manifests import named
from tests.k8s.test_what_manifests_name import check_command, known_settings
from tests.processes import CHECKOUT

TEXT = (CHECKOUT / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if name != "headway-postgres"}
VARIABLES = set(re.findall(r"\$\{(\w+)", TEXT))
OF_SERVICES = {
    *("image", "restart", "read_only", "tmpfs", "cap_drop", "security_opt", "environment", "volumes"),
    *("healthcheck", "command", "depends_on", "ports", "stop_grace_period"),
}
"""https://github.com/compose-spec/compose-spec/blob/main/05-services.md: those that are used here."""
CONDITIONS = {"service_healthy", "service_completed_successfully"}


def test_it_has_the_shape_of_a_compose_file() -> None:
    assert {each for each in COMPOSE if not each.startswith("x-")} == {"name", "services", "volumes"}
    for each in SERVICES.values():
        assert set(each) <= OF_SERVICES
        assert {one["condition"] for one in each.get("depends_on", {}).values()} <= CONDITIONS
        assert set(each.get("depends_on", {})) <= set(SERVICES)
        assert all(isinstance(value, str) for value in each["environment"].values())


def test_every_process_of_ours_runs_locked_down_in_one_image_that_has_to_be_given() -> None:
    assert {each["image"].partition(":?")[0] for each in OURS.values()} == {"${HEADWAY_IMAGE"}
    for each in OURS.values():
        assert (each["read_only"], each["cap_drop"]) == (True, ["ALL"])


def test_its_commands_are_those_of_the_pods() -> None:
    for name, each in OURS.items():
        if "command" in each:
            check_command(each["command"])
        else:
            assert name == "web"
    worker = named("base", "Deployment", "headway-worker")["spec"]["template"]["spec"]["containers"][0]
    assert OURS["worker"]["command"] == worker["command"]
    assert OURS["worker"]["healthcheck"]["test"][1:4] == ["python", "-m", "deployments.queue.heartbeat"]
    assert OURS["worker"]["healthcheck"]["test"][4] == OURS["worker"]["environment"]["HEARTBEAT_FILE"]


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_read(name: str) -> None:
    assert OURS[name]["environment"].keys() <= known_settings()


def test_web_has_no_secret_of_the_worker_s_and_each_has_its_own_role() -> None:
    web, worker, migrate = (OURS[name]["environment"] for name in ("web", "worker", "migrate"))

    assert not {"GITHUB_TOKEN", "KUBECONFIG", "WORKER_DATABASE_URL"} & web.keys()
    assert "volumes" not in OURS["web"]
    assert web["DATABASE_URL"].startswith("${WEB_DATABASE_URL:?")
    assert worker["DATABASE_URL"].startswith("${WORKER_DATABASE_URL:?")
    assert migrate["DATABASE_URL"].startswith("${DATABASE_URL:?")


def test_what_is_not_generated_is_documented_in_the_manual_and_missing_is_said_in_a_sentence() -> None:
    given = VARIABLES - generated().keys()

    manual = section(CHECKOUT / "docs" / "operate.md", "Beside the cluster")
    assert given == {"HEADWAY_IMAGE", "PUBLIC_URL", "IMAGE_TEMPLATE", "KUBECONFIG", "GITHUB_TOKEN"}
    assert all(name in manual for name in given)
    assert re.findall(r"\$\{(\w+)\}", TEXT) == []
    assert generated().keys() <= VARIABLES


def test_its_database_is_the_one_of_the_pods() -> None:
    pod = named("components/postgres", "StatefulSet", "headway-postgres")["spec"]["template"]["spec"][
        "containers"
    ][0]
    ours = SERVICES["headway-postgres"]

    assert ours["image"] == pod["image"]
    assert ours["environment"]["PGDATA"] == next(
        each["value"] for each in pod["env"] if each["name"] == "PGDATA"
    )
    assert (CHECKOUT / ours["volumes"][1].split(":")[0]).is_file()
    assert "@headway-postgres:5432/" in generated()["DATABASE_URL"]


def test_it_is_open_to_this_machine_alone() -> None:
    assert [each.get("ports") for each in SERVICES.values() if "ports" in each] == [["127.0.0.1:8000:8000"]]
