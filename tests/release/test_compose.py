"""compose.yaml. No docker runs here, so its shape is checked, and that it names nothing which the code or the manual lacks."""

import re
from typing import Any

import pytest
import yaml

from deployments.management.generate_secrets import generated
from docs.generate import MANUAL as MANUAL_FILE
from docs.generate import rows_of
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
READ_BY_LIBRARIES = {"HTTPS_PROXY", "NO_PROXY"}
CONDITIONS = {"service_healthy", "service_completed_successfully"}


def test_it_has_the_shape_of_a_compose_file() -> None:
    assert {each for each in COMPOSE if not each.startswith("x-")} == {"name", "services", "volumes"}
    for each in SERVICES.values():
        assert set(each) <= OF_SERVICES
        assert {one["condition"] for one in each.get("depends_on", {}).values()} <= CONDITIONS
        assert set(each.get("depends_on", {})) <= set(SERVICES)
        # None: passed on where .env or the shell has it.
        assert all(value is None or isinstance(value, str) for value in each["environment"].values())


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
    assert OURS[name]["environment"].keys() <= known_settings() | READ_BY_LIBRARIES


NOT_PASSED = {
    ("web", "WEB_DATABASE_URL"): "read by `manage.py upgrade` alone, which the service migrate runs",
    ("web", "WORKER_DATABASE_URL"): "as above; web must not know it",
    ("worker", "WEB_DATABASE_URL"): "as above",
    ("worker", "WORKER_DATABASE_URL"): "as above; its own is DATABASE_URL",
    ("web", "DEBUG"): "never in production",
    ("worker", "DEBUG"): "never in production",
    (
        "worker",
        "GOOGLE_APPLICATION_CREDENTIALS",
    ): "a file, which needs another mount: docs/operate.md says how",
}
"""A service and a setting that it would read, and why compose.yaml does not pass it."""


@pytest.mark.parametrize("name", ["web", "worker"])
def test_every_setting_of_the_manual_can_be_given_to_the_service_that_reads_it(name: str) -> None:
    read = {
        setting.strip("`")
        for setting, _, _, who, _ in rows_of(MANUAL_FILE.read_text())
        if who in {name, "both"}
    }

    passed = OURS[name]["environment"].keys()

    assert read - passed == {setting for service, setting in NOT_PASSED if service == name}


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_secret_goes_to_no_service_that_does_not_read_it(name: str) -> None:
    others = {
        setting.strip("`")
        for setting, _, _, who, _ in rows_of(MANUAL_FILE.read_text())
        if who not in {name, "both"}
    }
    # The worker writes the address into messages, too.
    shared = {"PUBLIC_URL"}

    assert OURS[name]["environment"].keys() & others <= shared


def test_web_has_no_secret_of_the_worker_s_and_each_has_its_own_role() -> None:
    web, worker, migrate = (OURS[name]["environment"] for name in ("web", "worker", "migrate"))

    assert not {"GITHUB_TOKEN", "KUBECONFIG", "WORKER_DATABASE_URL"} & web.keys()
    assert "volumes" not in OURS["web"]
    assert web["DATABASE_URL"].startswith("${WEB_DATABASE_URL:?")
    assert worker["DATABASE_URL"].startswith("${WORKER_DATABASE_URL:?")
    assert migrate["DATABASE_URL"].startswith("${DATABASE_URL:?")


def test_what_is_not_generated_is_documented_in_the_manual_and_missing_is_said_in_a_sentence() -> None:
    given = VARIABLES - generated().keys()

    manual = section(MANUAL_FILE, "Beside the cluster")
    assert given == {
        *("HEADWAY_IMAGE", "PUBLIC_URL", "IMAGE_TEMPLATE", "KUBECONFIG"),
        *("DOCKER_CONFIG", "TRUSTED_PROXIES"),
    }
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


def test_a_kubeconfig_that_is_not_there_is_named_and_nothing_is_created_in_its_place() -> None:
    """Docker makes a folder of root's where the short syntax names no file:
    https://github.com/compose-spec/compose-spec/blob/main/05-services.md#volumes."""
    (kubeconfig,) = [each for each in SERVICES["worker"]["volumes"] if "KUBECONFIG" in str(each)]

    assert kubeconfig["type"] == "bind"
    assert kubeconfig["source"].startswith("${KUBECONFIG:?")
    assert kubeconfig["target"] == SERVICES["worker"]["environment"]["KUBECONFIG"]
    assert (kubeconfig["read_only"], kubeconfig["bind"]) == (True, {"create_host_path": False})


def test_what_migrates_knows_which_logins_web_has() -> None:
    """Each has its own tables: without them web is never ready."""
    logins = {
        name: value
        for name, value in OURS["web"]["environment"].items()
        if name.startswith(("GITHUB_LOGIN_", "OIDC_"))
    }

    assert {"GITHUB_LOGIN_CLIENT_ID", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"} <= logins.keys()
    assert logins.items() <= OURS["migrate"]["environment"].items()
    assert not logins.keys() & OURS["worker"]["environment"].keys()
