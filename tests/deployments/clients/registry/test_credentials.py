"""Private repositories, and where their credentials come from."""

import logging
import traceback
from pathlib import Path
from typing import Any

import pytest

from deployments.clients.registry import Registry, RegistryRefused
from deployments.clients.registry.docker_config import find_credentials
from simulators.registry import DemoRegistry
from tests.fixtures_registry import PATH, SHA, auth_entry, image_at, write_docker_config

PASSWORD = "correct horse: battery"


@pytest.mark.parametrize("auth", ["token", "basic"])
def test_credentials_of_the_docker_config_file_open_a_private_repository(auth: Any, tmp_path: Path) -> None:
    with DemoRegistry(auth=auth) as demo:
        demo.make_private(PATH, "robot", PASSWORD)
        digest = demo.push(PATH, SHA)
        config = write_docker_config(tmp_path, auths={demo.host: auth_entry("robot", PASSWORD)})

        with Registry(docker_config=config) as registry:
            found = registry.digest(image_at(demo))

    assert found == digest


def test_basic_credentials_are_asked_for_once(tmp_path: Path) -> None:
    with DemoRegistry(auth="basic") as demo:
        demo.make_private(PATH, "robot", PASSWORD)
        demo.push(PATH, SHA)
        config = write_docker_config(tmp_path, auths={demo.host: auth_entry("robot", PASSWORD)})

        with Registry(docker_config=config) as registry:
            for _ in range(3):
                registry.digest(image_at(demo))

        assert [entry.status for entry in demo.requests] == [401, 200, 200, 200]


def test_a_private_repository_without_credentials_asks_for_them(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    demo_registry.make_private(PATH, "robot", PASSWORD)
    demo_registry.push(PATH, SHA)

    with pytest.raises(RegistryRefused, match=r"add credentials for 127.0.0.1:.* It says: UNAUTHORIZED"):
        registry.digest(image_at(demo_registry))


def test_wrong_credentials_are_to_be_renewed(demo_registry: DemoRegistry, tmp_path: Path) -> None:
    demo_registry.make_private(PATH, "robot", PASSWORD)
    config = write_docker_config(tmp_path, auths={demo_registry.host: auth_entry("robot", "old")})

    with (
        Registry(docker_config=config) as registry,
        pytest.raises(RegistryRefused, match=r"renew .* incorrect username or password"),
    ):
        registry.digest(image_at(demo_registry))


def test_a_secret_that_is_mounted_anew_is_seen(demo_registry: DemoRegistry, tmp_path: Path) -> None:
    demo_registry.make_private(PATH, "robot", PASSWORD)
    digest = demo_registry.push(PATH, SHA)
    config = write_docker_config(tmp_path, auths={demo_registry.host: auth_entry("robot", "old")})

    with Registry(docker_config=config) as registry:
        with pytest.raises(RegistryRefused):
            registry.digest(image_at(demo_registry))
        write_docker_config(tmp_path, auths={demo_registry.host: auth_entry("robot", PASSWORD)})
        found = registry.digest(image_at(demo_registry))

    assert found == digest


def test_a_password_is_neither_logged_nor_raised(
    demo_registry: DemoRegistry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    demo_registry.make_private(PATH, "robot", PASSWORD)
    config = write_docker_config(tmp_path, auths={demo_registry.host: auth_entry("robot", "wrong-password")})

    with Registry(docker_config=config) as registry, pytest.raises(RegistryRefused) as raised:
        registry.digest(image_at(demo_registry))

    stated = caplog.text + "".join(
        traceback.TracebackException.from_exception(raised.value, capture_locals=True).format()
    )
    assert "incorrect username" in stated
    assert "wrong-password" not in stated
    assert auth_entry("robot", "wrong-password")["auth"] not in stated


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("gcr.io", "gcr.io"),
        ("https://gcr.io", "gcr.io"),
        ("https://gcr.io/v2/", "gcr.io"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("docker.io", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("localhost:5000", "localhost:5000"),
    ],
)
def test_an_entry_is_found_under_each_spelling_of_its_registry(
    key: str, registry: str, tmp_path: Path
) -> None:
    config = write_docker_config(tmp_path, auths={"quay.io": {}, key: auth_entry("robot", PASSWORD)})

    found = find_credentials(config, registry)

    assert found is not None
    assert (found.username, found.password) == ("robot", PASSWORD)


def test_another_registry_gets_no_credentials(tmp_path: Path) -> None:
    config = write_docker_config(tmp_path, auths={"gcr.io": auth_entry("robot", PASSWORD)})

    found = find_credentials(config, "eu.gcr.io")

    assert found is None


@pytest.mark.parametrize(
    "content",
    [
        {"credHelpers": {"gcr.io": "gcloud"}},
        {"credsStore": "desktop"},
        {"auths": {"gcr.io": {}}, "credsStore": "desktop"},
        {"auths": {"gcr.io": {"identitytoken": "abc"}}},
    ],
)
def test_a_credential_helper_is_refused_in_words(content: dict[str, Any], tmp_path: Path) -> None:
    config = write_docker_config(tmp_path, **content)

    with pytest.raises(RegistryRefused, match="Headway runs none: write them into the file itself"):
        find_credentials(config, "gcr.io")


def test_the_helper_of_another_registry_is_no_obstacle(tmp_path: Path) -> None:
    config = write_docker_config(tmp_path, credHelpers={"gcr.io": "gcloud"})

    found = find_credentials(config, "ghcr.io")

    assert found is None


@pytest.mark.parametrize("text", ["{", "[]", '{"auths": {"gcr.io": {"auth": "no base64"}}}', "\udcff"])
def test_a_broken_file_is_to_be_written_anew(text: str, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(text, errors="surrogateescape")

    with pytest.raises(RegistryRefused, match="write it anew with docker login"):
        find_credentials(config, "gcr.io")


def test_a_missing_file_is_to_be_mounted(tmp_path: Path) -> None:
    with pytest.raises(RegistryRefused, match=r"cannot be read .No such file or directory.: mount it"):
        find_credentials(tmp_path / "config.json", "gcr.io")
