"""Google's registries are asked with application-default credentials, from a file or the metadata server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deployments.clients.registry.google import is_google
from simulators.loopback import LoopbackServer, Request, Response

ASK = """
import sys
from deployments.clients.registry.challenge import Challenge
from deployments.clients.registry.errors import RegistryError
from deployments.clients.registry.google import GoogleCredentials
from deployments.clients.registry.grants import Grants
from deployments.clients.registry.transport import Transport
from deployments.rules.images import parse_image

transport = Transport(2)
grants = Grants(transport, None, GoogleCredentials(timeout_seconds=2))
challenge = Challenge("bearer", realm=sys.argv[2], service="gcr.io") if sys.argv[2] else Challenge("basic")
try:
    for _ in range(2):
        grant = grants.earn(parse_image(sys.argv[1] + "/icco-cloud/cron:1"), challenge)
    print(grant.authorization)
except RegistryError as error:
    print(type(error).__name__, error)
print("google.auth" in sys.modules)
"""
BASIC = "Basic b2F1dGgyYWNjZXNzdG9rZW46eWEyOS5kZW1v"  # oauth2accesstoken:ya29.demo


class Google:
    """A metadata server, a token endpoint for service accounts, and a registry's token server."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status = 200
        self.kind = "application/text"
        self.server = LoopbackServer(self._answer)

    def _answer(self, request: Request) -> Response:
        self.requests.append(request)
        if request.path == "/registry-token":
            return _json({"token": request.headers.get("authorization", "nobody").replace(" ", "-")})
        if request.path.startswith("/computeMetadata") and request.headers.get("metadata-flavor") != "Google":
            return Response(status=403)
        if request.path.endswith("/project/project-id"):
            headers = {"Metadata-Flavor": "Google"} | ({"Content-Type": self.kind} if self.kind else {})
            return Response(headers=headers, body=b"icco-cloud")
        if self.status != 200:
            return _json(
                {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, self.status
            )
        if request.path.endswith("/token"):
            return _json({"access_token": "ya29.demo", "expires_in": 3599, "token_type": "Bearer"})
        return _json(
            {"aliases": ["default"], "email": "headway@icco-cloud.iam.gserviceaccount.com", "scopes": []}
        )


def _json(body: object, status: int = 200) -> Response:
    headers = {"Metadata-Flavor": "Google", "Content-Type": "application/json"}
    return Response(status=status, headers=headers, body=json.dumps(body).encode())


@pytest.fixture
def google() -> Iterator[Google]:
    far_end = Google()
    far_end.server.start()
    yield far_end
    far_end.server.stop()


def ask(folder: Path, *, registry: str = "gcr.io", realm: str = "", **environment: str) -> list[str]:
    """Ask in its own process: google-auth reads some of its environment while it is imported."""
    clean = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GCE_METADATA_TIMEOUT": "1",
        "GCE_METADATA_DETECT_RETRIES": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK, registry, realm],
        env=clean | environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def metadata_server(google: Google) -> dict[str, str]:
    return {"GCE_METADATA_HOST": google.server.host, "GCE_METADATA_IP": google.server.host}


@cache
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def service_account(folder: Path, google: Google) -> str:
    path = folder / "key.json"
    content = {
        "type": "service_account",
        "project_id": "icco-cloud",
        "private_key_id": "1",
        "private_key": private_key(),
        "client_email": "headway@icco-cloud.iam.gserviceaccount.com",
        "token_uri": f"http://{google.server.host}/token",
    }
    path.write_text(json.dumps(content))
    return str(path)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("gcr.io", True),
        ("eu.gcr.io", True),
        ("us-central1-docker.pkg.dev", True),
        ("ghcr.io", False),
        ("notgcr.io", False),
        ("pkg.dev.example.com", False),
        ("docker.io", False),
    ],
)
def test_googles_hosts_are_distinguished_from_others(host: str, expected: bool) -> None:
    assert is_google(host) is expected


def test_the_metadata_servers_token_is_the_password(google: Google, tmp_path: Path) -> None:
    stated = ask(tmp_path, **metadata_server(google))

    assert stated[0] == BASIC


def test_something_else_at_the_metadata_servers_address_is_unavailable(
    google: Google, tmp_path: Path
) -> None:
    google.kind = ""

    stated = ask(tmp_path, **metadata_server(google))

    assert stated[0].startswith(
        "RegistryUnavailable Google's sign-in answers with something that cannot be read"
    )


def test_the_token_is_fetched_once(google: Google, tmp_path: Path) -> None:
    ask(tmp_path, **metadata_server(google))

    assert len([each for each in google.requests if each.path.endswith("/token")]) == 1


def test_a_service_accounts_key_file_is_used(google: Google, tmp_path: Path) -> None:
    stated = ask(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=service_account(tmp_path, google))

    assert stated[0] == BASIC


def test_the_registrys_token_server_gets_the_password(google: Google, tmp_path: Path) -> None:
    realm = f"http://{google.server.host}/registry-token"

    stated = ask(tmp_path, registry="us-central1-docker.pkg.dev", realm=realm, **metadata_server(google))

    assert stated[0] == f"Bearer {BASIC.replace(' ', '-')}"


def test_without_credentials_nobody_asks(google: Google, tmp_path: Path) -> None:
    realm = f"http://{google.server.host}/registry-token"

    stated = ask(tmp_path, realm=realm, NO_GCE_CHECK="true")

    assert stated[0] == "Bearer nobody"


def test_a_key_that_is_not_accepted_is_reported(google: Google, tmp_path: Path) -> None:
    google.status = 400

    stated = ask(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=service_account(tmp_path, google))

    assert stated[0].startswith(
        "RegistryRefused Google's credentials cannot be used. Correct GOOGLE_APPLICATION"
    )
    assert "Invalid JWT Signature" in stated[0]


def test_a_key_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    stated = ask(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "gone.json"))

    assert "RegistryRefused" in stated[0]
    assert "gone.json was not found" in stated[0]


def test_a_sign_in_that_cannot_be_reached_is_unavailable(google: Google, tmp_path: Path) -> None:
    key = service_account(tmp_path, google)
    google.server.stop()

    stated = ask(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=key)

    assert stated[0].startswith("RegistryUnavailable Google's sign-in cannot be reached")


def test_a_users_own_login_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "user.json"
    login = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
    path.write_text(json.dumps(login))

    stated = ask(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(path), HTTPS_PROXY="http://127.0.0.1:9")

    assert stated[0].startswith("RegistryUnavailable Google's sign-in cannot be reached")


def test_another_registry_never_imports_googles_library(tmp_path: Path) -> None:
    stated = ask(tmp_path, registry="ghcr.io")

    assert stated[-1] == "False"
