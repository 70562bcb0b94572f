"""The login that the demo's QR code carries: once, for minutes, and in the demo alone."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from dashboard.embedded_postgres import EmbeddedPostgres
from demo import one_time_login
from demo.__main__ import _environment
from demo.one_time_login import VALID_FOR
from demo.world import World, read_mappings
from tests.processes import CHECKOUT


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_superuser("demo")


@pytest.fixture(autouse=True)
def _static_files_as_they_lie(settings: Settings) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def demo(settings: Settings) -> None:
    """Under the settings that `make demo` starts Headway with."""
    settings.ROOT_URLCONF = "demo.urls"
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], CHECKOUT / "demo" / "templates"]}]


def is_logged_in(client: Client) -> bool:
    return client.get("/").status_code == 200


@pytest.mark.usefixtures("demo")
def test_it_logs_in_by_one_tap_and_opens_the_list(user: User) -> None:
    path, phone = one_time_login.make(user, now=timezone.now()), Client()

    page = phone.get(path).content.decode()
    answer = phone.post(path)

    assert "once" in page
    assert (answer.status_code, answer["Location"], is_logged_in(phone)) == (302, "/", True)


@pytest.mark.usefixtures("demo")
def test_opening_it_uses_nothing_up_and_logs_nobody_in(user: User) -> None:
    path, camera = one_time_login.make(user, now=timezone.now()), Client()

    for _ in range(3):
        camera.get(path)

    assert not is_logged_in(camera)
    assert Client().post(path)["Location"] == "/"


@pytest.mark.usefixtures("demo")
def test_a_second_phone_is_not_let_in(user: User) -> None:
    path, second = one_time_login.make(user, now=timezone.now()), Client()
    Client().post(path)

    answer = second.post(path)

    assert (answer.status_code, is_logged_in(second)) == (404, False)
    assert "was used already, or has expired" in second.get(path).content.decode()


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(("left", "status"), [(60, 302), (0, 404), (-3600, 404)])
def test_it_expires(user: User, left: int, status: int) -> None:
    path = one_time_login.make(user, now=timezone.now() - VALID_FOR + timedelta(seconds=left))

    answer = Client().post(path)

    assert answer.status_code == status


@pytest.mark.usefixtures("demo")
def test_the_password_s_login_leaves_the_phone_its_own(user: User) -> None:
    path = one_time_login.make(user, now=timezone.now())
    Client().force_login(user)

    assert Client().post(path).status_code == 302


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("secret", ["x", "demo-" + "0" * 32, "%00", "é" * 300])
def test_what_was_never_made_logs_nobody_in(user: User, secret: str) -> None:
    one_time_login.make(user, now=timezone.now())
    client = Client()

    answer = client.post(f"/demo/login/{secret}")

    assert answer.status_code in {400, 404}
    assert not is_logged_in(client)


@pytest.mark.usefixtures("demo")
def test_a_person_who_is_no_longer_active_is_not_let_in(user: User) -> None:
    path = one_time_login.make(user, now=timezone.now())
    User.objects.update(is_active=False)

    assert Client().post(path).status_code == 404


@pytest.mark.usefixtures("demo")
def test_it_is_no_session_to_begin_with(user: User) -> None:
    secret = one_time_login.make(user, now=timezone.now()).rpartition("/")[2]
    client = Client()
    client.cookies["sessionid"] = one_time_login._key(secret)

    assert not is_logged_in(client)


def test_outside_the_demo_there_is_no_such_address(user: User) -> None:
    path, client = one_time_login.make(user, now=timezone.now()), Client()

    answers = [client.get(path).status_code, client.post(path).status_code]

    assert answers == [404, 404]
    assert not is_logged_in(client)


@pytest.mark.slow
def test_the_demo_starts_headway_with_the_settings_that_know_it(tmp_path: Path) -> None:
    with World(read_mappings()[:1]) as world:
        given = _environment(world, tmp_path, EmbeddedPostgres("demo"), "http://192.0.2.7:8000")
    code = "import django; django.setup(); from django.urls import reverse; print(reverse('one-time-login', args=['x']))"

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"]} | given,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "/demo/login/x\n", done.stderr


def test_production_s_image_holds_no_file_of_it() -> None:
    copied = [
        line.split()[-2]
        for line in (CHECKOUT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY") and "--from" not in line
    ]

    assert not any(Path(each).parts[:1] == ("demo",) for each in copied)
    assert "!demo" not in (CHECKOUT / ".dockerignore").read_text().splitlines()


@pytest.mark.usefixtures("demo")
def test_what_another_key_has_signed_logs_nobody_in(user: User, settings: Settings) -> None:
    path = one_time_login.make(user, now=timezone.now())
    settings.SECRET_KEY = "another" * 10

    assert Client().post(path).status_code == 404
