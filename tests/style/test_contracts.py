"""import-linter's contracts name every client, the next one too."""

import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
CLIENTS = sorted(
    f"deployments.clients.{each.parent.name}"
    for each in (CHECKOUT / "deployments/clients").glob("*/__init__.py")
)


def contract(name: str) -> dict[str, list[str]]:
    (found,) = (each for each in CONTRACTS if each["name"] == name)
    return found


def test_the_clients_are_found() -> None:
    assert {"deployments.clients.github", "deployments.clients.ping"} <= set(CLIENTS)


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_is_kept_from_its_siblings(client: str) -> None:
    layers = contract("A layer imports only from those below it")["layers"]

    assert any(client in layer.split(" | ") for layer in layers)


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_is_kept_from_the_models(client: str) -> None:
    assert client in contract("Outside systems know no models")["source_modules"]
