"""Private repositories, and where their credentials come from."""

import json
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest

from deployments.clients.registry import Registry, RegistryRefused
from deployments.clients.registry.docker_config import find_credentials
from simulators.registry import DemoRegistry
from simulators.registry.oddities import ECR_TOKEN_EXPIRED, GITLAB_TOKEN_EXPIRED, NO_RIGHT_TO_PULL, Oddity
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


def test_basic_credentials_are_requested_once(tmp_path: Path) -> None:
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
        pytest.raises(RegistryRefused, match=r"Renew .* incorrect username or password"),
    ):
        registry.digest(image_at(demo_registry))


def test_a_secret_that_is_mounted_again_is_seen(demo_registry: DemoRegistry, tmp_path: Path) -> None:
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


CASE = json.loads((Path(__file__).parent / "docker-config-two-paths.json").read_text())
MORE = {
    "ghcr.io/acme/app": auth_entry("acme-app", "one"),
    "*.registry.example:5000": auth_entry("port", "five"),
    "registry-?.example.com": auth_entry("numbered", "six"),
    "eu.registry.example.com": auth_entry("spelt-out", "seven"),
    "*.registry.example.com": auth_entry("any", "eight"),
    "https://quay.io/v2/acme": auth_entry("quay", "nine"),
    "docker.io/acme": auth_entry("hub-acme", "ten"),
    "https://index.docker.io/v1/": auth_entry("hub", "eleven"),
}


@pytest.mark.parametrize(
    ("repository", "username"),
    [
        ("ghcr.io/acme/app", "acme"),
        ("ghcr.io/beta/app", "beta"),
        ("ghcr.io/beta", "beta"),
        ("ghcr.io/beta-two/app", None),
        ("ghcr.io/gamma/app", None),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop", "AWS"),
        ("123456789012.dkr.ecr.eu-west-2.amazonaws.com/shop", None),
        ("dkr.ecr.eu-west-1.amazonaws.com/shop", None),
        ("a.b.dkr.ecr.eu-west-1.amazonaws.com/shop", None),
    ],
)
def test_credentials_are_those_of_the_images_path_and_host(
    repository: str, username: str | None, tmp_path: Path
) -> None:
    config = write_docker_config(tmp_path, **CASE)

    found = find_credentials(config, repository)

    assert (found and found.username) == username


@pytest.mark.parametrize(
    ("repository", "username"),
    [
        ("ghcr.io/acme/app", "acme-app"),
        ("ghcr.io/acme/app/worker", "acme-app"),
        ("ghcr.io/acme/other", "acme"),
        ("one.registry.example:5000/app", "port"),
        ("one.registry.example/app", None),
        ("registry-1.example.com/app", "numbered"),
        ("registry-10.example.com/app", None),
        ("eu.registry.example.com/app", "spelt-out"),
        ("us.registry.example.com/app", "any"),
        ("quay.io/acme/app", "quay"),
        ("quay.io/other/app", None),
        ("docker.io/acme/app", "hub-acme"),
        ("docker.io/library/nginx", "hub"),
    ],
)
@pytest.mark.parametrize("order", [1, -1], ids=["as written", "from below"])
def test_the_longest_path_wins_and_a_host_that_is_spelt_out(
    repository: str, username: str | None, order: int, tmp_path: Path
) -> None:
    config = write_docker_config(tmp_path, auths=dict(list((CASE["auths"] | MORE).items())[::order]))

    found = find_credentials(config, repository)

    assert (found and found.username) == username


@pytest.mark.parametrize("nothing", [{}, {"auth": ""}, {"email": "ann@example.com"}, None])
def test_an_entry_that_holds_nothing_hides_none_that_does(nothing: object, tmp_path: Path) -> None:
    """Kubernetes tries every entry that fits, the most specific first."""
    auths = {"ghcr.io/acme": nothing, "ghcr.io": auth_entry("everyones", PASSWORD)}
    config = write_docker_config(tmp_path, auths=auths)

    found = find_credentials(config, "ghcr.io/acme/app")

    assert (found and found.username) == "everyones"


def test_two_owners_on_one_registry_are_each_queried_with_their_own(
    demo_registry: DemoRegistry, tmp_path: Path
) -> None:
    demo_registry.make_private("acme/app", "acme", "one")
    demo_registry.make_private("beta/app", "beta", "two")
    digests = [demo_registry.push(path, SHA) for path in ("acme/app", "beta/app")]
    config = write_docker_config(
        tmp_path,
        auths={
            f"{demo_registry.host}/acme": auth_entry("acme", "one"),
            f"{demo_registry.host}/beta": auth_entry("beta", "two"),
        },
    )

    with Registry(docker_config=config) as registry:
        found = [registry.digest(image_at(demo_registry, path=path)) for path in ("acme/app", "beta/app")]

    assert found == digests


@pytest.mark.parametrize("oddity", [ECR_TOKEN_EXPIRED, GITLAB_TOKEN_EXPIRED])
def test_expired_credentials_are_to_be_renewed(
    demo_registry: DemoRegistry, tmp_path: Path, oddity: Oddity
) -> None:
    demo_registry.make_private(PATH, "robot", PASSWORD)
    demo_registry.answer_oddly(oddity, path_contains="/token" if oddity.status == 401 else "/manifests/")
    config = write_docker_config(tmp_path, auths={demo_registry.host: auth_entry("robot", PASSWORD)})

    with Registry(docker_config=config) as registry, pytest.raises(RegistryRefused) as raised:
        registry.digest(image_at(demo_registry))

    assert "have expired. Renew its entry in the docker config file. It says: " in str(raised.value)
    assert "right to pull" not in str(raised.value)


def test_a_permission_that_is_missing_is_not_reported_as_expired(
    demo_registry: DemoRegistry, tmp_path: Path
) -> None:
    demo_registry.make_private(PATH, "robot", PASSWORD)
    config = write_docker_config(tmp_path, auths={demo_registry.host: auth_entry("robot", PASSWORD)})
    with Registry(docker_config=config) as registry:
        demo_registry.push(PATH, SHA)
        registry.digest(image_at(demo_registry))
        demo_registry.answer_oddly(NO_RIGHT_TO_PULL)

        with pytest.raises(RegistryRefused, match="Give it the right to pull"):
            registry.digest(image_at(demo_registry))


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

    with pytest.raises(RegistryRefused, match=r"Headway runs none\. Write them into the file itself"):
        find_credentials(config, "gcr.io")


def test_the_helper_of_another_registry_is_no_obstacle(tmp_path: Path) -> None:
    config = write_docker_config(tmp_path, credHelpers={"gcr.io": "gcloud"})

    found = find_credentials(config, "ghcr.io")

    assert found is None


@pytest.mark.parametrize("text", ["{", "[]", '{"auths": {"gcr.io": {"auth": "no base64"}}}', "\udcff"])
def test_a_broken_file_is_to_be_written_again(text: str, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(text, errors="surrogateescape")

    with pytest.raises(RegistryRefused, match="Write it again with docker login"):
        find_credentials(config, "gcr.io")


def test_without_the_file_public_images_are_read_as_by_anyone(
    demo_registry: DemoRegistry, tmp_path: Path
) -> None:
    """The folder is mounted and empty where the Secret `headway-registry` does not exist, and in compose.yaml."""
    digest = demo_registry.push(PATH, SHA)

    with Registry(docker_config=tmp_path / "config.json") as registry:
        found = registry.digest(image_at(demo_registry))

    assert found == digest
    assert [entry.status for entry in demo_registry.requests] == [401, 200, 200]


def test_without_the_file_a_private_image_asks_for_credentials(
    demo_registry: DemoRegistry, tmp_path: Path
) -> None:
    demo_registry.make_private(PATH, "robot", PASSWORD)
    demo_registry.push(PATH, SHA)

    with (
        Registry(docker_config=tmp_path / "config.json") as registry,
        pytest.raises(RegistryRefused, match=r"add credentials for 127.0.0.1:"),
    ):
        registry.digest(image_at(demo_registry))


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.mkdir()

    with pytest.raises(RegistryRefused, match=r"cannot be read .Is a directory.. Mount it"):
        find_credentials(config, "gcr.io")
