"""Every command that README.md and docs/operate.md show is run by a test, or is listed here with the reason why not."""

import re

import pytest

from tests.docs.commands import commands, section
from tests.processes import CHECKOUT

PAGES = ("README.md", "docs/operate.md")
SHOWN = {(page, line) for page in PAGES for line in commands((CHECKOUT / page).read_text())}

INSTALL = "tests/release/test_install.py::test_each_of_them_works_as_it_is_written_without_a_warning"
OVERLAY = (
    "tests/release/test_install.py::test_an_overlay_of_ones_own_is_applied_with_secrets_that_make_prints"
)
README = "tests/release/test_readme.py::test_the_commands_work_as_they_are_pasted"
RESTORE = "tests/docs/test_restore.py::test_what_was_backed_up_is_there_after_a_restore"

TRIED = {
    r"make demo": "tests/demo/test_make_demo.py",
    r"make manifests .*": INSTALL,
    r"kubectl apply --filename install.yaml": INSTALL,
    r"kubectl --namespace headway create secret generic headway-worker .*": INSTALL,
    r"kubectl --namespace headway logs .*": INSTALL,
    r"make secrets > secrets.env": OVERLAY,
    r"kubectl kustomize k8s/overlays/postgres \| kubectl apply --filename -": OVERLAY,
    r"kubectl --namespace headway create secret generic headway --from-env-file secrets.env": OVERLAY,
    r"kubectl --namespace headway rollout status deployment/headway-web": OVERLAY,
    r"make secrets > \.env": "tests/release/test_compose.py",
    r"export (GITHUB_TOKEN|KUBECONFIG|IMAGE_TEMPLATE)=.*": README,
    r"make setup": README,
    r"\.venv/bin/python manage\.py (discover|import_sites|sync) .*": README,
    r"\$\{EDITOR:-vi\} sites\.csv": README,
    r"make run": "tests/deployments/management/test_run.py",
    r"gunicorn dashboard\.wsgi .*": "tests/k8s/test_image.py::test_web_starts_answers_its_health_check_and_ends_on_sigterm",
    r"python manage\.py worker": "tests/k8s/test_image.py::test_the_worker_starts_beats_and_ends_on_sigterm",
    r"make digests": "tests/release/test_digests.py",
    r"kubectl --namespace headway scale .*": "tests/release/test_install.py::test_web_and_worker_are_scaled_down_and_up_around_a_restore",
}
"""A pattern of whole commands, and the test that runs them."""

NO_EXEC = (
    "the demo's API server has no `exec`, since its pods are no processes; what it runs inside is run by "
)
NO_DOCKER = "no docker runs where the tests do; what it is given is checked by "
NOT_RUN = {
    r"kubectl --namespace headway exec --stdin deployment/headway-worker -- python manage\.py import_sites .*": NO_EXEC
    + "tests/deployments/management/test_import_sites.py",
    r"kubectl --namespace headway exec deployment/headway-worker -- python manage\.py doctor": NO_EXEC
    + "tests/deployments/operations/test_doctor.py",
    r"kubectl --namespace headway exec deployment/headway-worker -- python manage\.py rbac .*": NO_EXEC
    + "tests/deployments/operations/test_permissions.py",
    r"kubectl --namespace headway exec (--stdin )?headway-postgres-0 -- .*": NO_EXEC + RESTORE,
    r"docker build .*": NO_DOCKER + "tests/k8s/test_dockerfile.py",
    r"docker compose .*": NO_DOCKER + "tests/release/test_compose.py",
    r"(CREATE ROLE|REVOKE) .*": "only an administrator's server needs it; what asks for it is "
    "tests/deployments/test_database_roles.py",
}
"""A pattern, and the reason, with the test that comes nearest."""


def place_of(line: str) -> list[str]:
    """Return every entry that speaks of a command."""
    return [place for pattern, place in (TRIED | NOT_RUN).items() if re.fullmatch(pattern, line)]


@pytest.mark.parametrize(("page", "line"), sorted(SHOWN))
def test_every_command_is_tried_or_said_not_to_be(page: str, line: str) -> None:
    assert len(place_of(line)) == 1


@pytest.mark.parametrize("pattern", [*TRIED, *NOT_RUN])
def test_nothing_is_reported_about_a_command_that_is_shown_nowhere(pattern: str) -> None:
    assert any(re.fullmatch(pattern, line) for _, line in SHOWN)


@pytest.mark.parametrize("place", sorted({*TRIED.values(), *NOT_RUN.values()}))
def test_the_tests_that_are_named_are_there(place: str) -> None:
    (named,) = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", place)
    file, name = named

    assert f"def {name or 'test_'}" in (CHECKOUT / file).read_text()


def test_the_readme_installs_as_the_manual_does() -> None:
    readme, manual = CHECKOUT / "README.md", CHECKOUT / "docs" / "operate.md"

    assert commands(section(readme, "Run it in your cluster")) == commands(section(manual, "Install"))


def test_a_new_command_would_be_found() -> None:
    text = (
        "Do:\n\n    make coffee  # hot\n    kubectl delete \\\n      namespace headway\n\nand `make tea`.\n"
    )

    assert commands(text) == ["make coffee", "kubectl delete namespace headway"]
    assert [place_of(line) for line in commands(text)] == [[], []]
