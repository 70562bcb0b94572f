"""The pages' own files: written a component at a time, delivered as one request for each kind."""

import gzip
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import Client

from dashboard.components import BUNDLES, COMPONENTS


@pytest.fixture
def collected(tmp_path: Path, settings: LazySettings) -> Path:
    """The folder that the image has, without what Django and others bring."""
    settings.STATICFILES_FINDERS = ["dashboard.components.Bundles"]
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    call_command("collectstatic", verbosity=0, interactive=False)
    return tmp_path


def test_every_component_is_in_a_bundle() -> None:
    files = sorted(each.name for each in COMPONENTS.iterdir() if each.suffix in {".css", ".js"})

    assert sorted({part for parts in BUNDLES.values() for part in parts}) == files


@pytest.mark.parametrize("name", BUNDLES)
def test_what_is_collected_has_each_component_under_a_hash_and_compressed(collected: Path, name: str) -> None:
    hashed = staticfiles_storage.stored_name(name)

    delivered = (collected / hashed).read_text()
    assert hashed != name
    assert all((COMPONENTS / part).read_text() in delivered for part in BUNDLES[name])
    assert gzip.decompress((collected / f"{hashed}.gz").read_bytes()).decode() == delivered
    assert (collected / f"{hashed}.br").exists()


def test_a_page_asks_for_one_file_of_each_kind(deployer: Client) -> None:
    page = deployer.get("/").text

    assert [page.count(f"/static/dashboard/headway.{kind}") for kind in ("css", "js")] == [1, 1]
    assert page.count('rel="stylesheet"') == 1
    assert page.count("<script") == page.count("defer></script>") == 2


@pytest.mark.parametrize("name", BUNDLES)
def test_a_development_server_finds_the_bundle_as_its_components_are_now(name: str) -> None:
    found = finders.find(name)

    assert Path(found).read_text() == "\n".join((COMPONENTS / part).read_text() for part in BUNDLES[name])
    assert finders.find(name, find_all=True) == [found]


def test_a_name_that_is_no_bundle_is_not_found() -> None:
    assert finders.find("dashboard/list.css") is None


def test_what_has_not_changed_is_not_collected_again(collected: Path) -> None:
    before = (collected / "dashboard/headway.css").stat().st_mtime_ns

    call_command("collectstatic", verbosity=0, interactive=False)

    assert (collected / "dashboard/headway.css").stat().st_mtime_ns == before
