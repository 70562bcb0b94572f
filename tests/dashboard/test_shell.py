"""What is on a home screen: a manifest, icons, and a service worker that keeps the shell alone."""

import re
import struct
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client


def test_the_manifest_names_icons_that_are_there_in_their_sizes(stranger: Client) -> None:
    manifest = stranger.get("/manifest.webmanifest").json()

    assert {each["purpose"] for each in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        found = finders.find(icon["src"].removeprefix("/static/"))
        assert found, icon["src"]
        width, height = struct.unpack(">II", Path(found).read_bytes()[16:24])
        assert f"{width}x{height}" == icon["sizes"]


def test_every_page_leads_to_the_manifest(deployer: Client) -> None:
    assert 'rel="manifest" href="/manifest.webmanifest"' in deployer.get("/").text


def test_the_service_worker_keeps_files_that_are_there(stranger: Client) -> None:
    script = stranger.get("/sw.js")

    files = re.findall(r'"(/[^"]+)"', re.search(r"FILES = \[(.*?)\]", script.text)[1])
    assert script["Content-Type"] == "text/javascript"
    assert files[-1] == "/offline"
    for file in files[:-1]:
        assert finders.find(file.removeprefix("/static/")), file


@pytest.mark.parametrize("client_name", ["stranger", "deployer"])
def test_the_offline_page_is_nobodys(request: pytest.FixtureRequest, client_name: str) -> None:
    client = request.getfixturevalue(client_name)

    page = client.get("/offline").text

    assert "Offline" in page
    assert "Log out" not in page
    assert "eve" not in page
