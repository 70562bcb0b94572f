"""Asking for a sync."""

import pytest
from django.test import Client
from django_q.models import OrmQ

from deployments.models import Site
from tests.dashboard.conftest import HOST


@pytest.mark.parametrize(
    ("url", "hosts", "back"), [("/sync", [], "/"), (f"/sites/{HOST}/sync", [HOST], f"/sites/{HOST}/")]
)
def test_a_sync_is_queued(deployer: Client, site: Site, url: str, hosts: list[str], back: str) -> None:
    response = deployer.post(url)

    assert response["Location"] == back
    assert OrmQ.objects.get().task["kwargs"] == {"names": hosts, "trigger": "person"}


@pytest.mark.parametrize("url", ["/sync", f"/sites/{HOST}/sync"])
def test_a_viewer_cannot_ask_for_a_sync(viewer: Client, site: Site, url: str) -> None:
    assert viewer.post(url).status_code == 403
    assert not OrmQ.objects.exists()


def test_a_site_that_is_not_there_is_404(deployer: Client) -> None:
    assert deployer.post("/sites/nowhere.example.com/sync").status_code == 404
