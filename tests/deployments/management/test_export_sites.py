"""`manage.py export_sites`: a table that `import_sites` reads without a change."""

import csv
from io import StringIO
from pathlib import Path

import pytest

from demo.world import SITES_CSV
from deployments.models import AuditEvent, MappedWorkload, Site
from deployments.models.site import mapping_fields
from deployments.rules.targets import parse_references
from tests.deployments.management.conftest import Run
from tests.factories import create_site

pytestmark = pytest.mark.django_db
EVERY_FIELD = {
    "name": "shop",
    "host": "shop.example.com",
    "tags": "backend shop",
    "owner": "icco",
    "repository": "shop",
    "branch": 'release\u2028, "1"',
    "paths": "services/api/**, go.mod",
    "image_template": "registry.example.com/{owner}/{repository}:{sha}",
    "commit_source": "label",
    "moving_tag": "main",
    "tag_pattern": "api/v*",
    "prereleases": True,
    "pins_digest": True,
    "release_job": "shop-migrate",
    "auto_deploy": True,
    "check_enabled": False,
    "check_path": "/healthz?deep=1,2",
    "check_status": 204,
    "check_timeout_seconds": 7,
    "auto_rollback": True,
    "wait_for_ci": False,
    "requires_provenance": True,
    "minimum_interval_minutes": 90,
}
WORKLOADS = "StatefulSet shop/store; Deployment shop/web [migrate, web]; CronJob jobs/tick"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "sites.csv"


@pytest.fixture
def mapped(run: Run) -> None:
    """34 sites with defaults, one with another value in every field, and one without a host."""
    run("import_sites", str(SITES_CSV))
    create_site(**EVERY_FIELD, workloads=parse_references(WORKLOADS))
    create_site(name="cron-worker", owner="icco", repository="worker", deployment="worker")


def rows() -> list[object]:
    """All that mappings are made of, with the rows' own keys, and what was audited."""
    models = (Site, MappedWorkload, AuditEvent)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.usefixtures("mapped")
def test_what_is_exported_and_imported_again_changes_nothing(run: Run, table: Path) -> None:
    before = rows()
    table.write_text(run("export_sites"))

    printed = run("import_sites", str(table))

    assert printed.startswith("0 sites added, 0 updated, ")
    assert rows() == before


@pytest.mark.usefixtures("mapped")
def test_an_export_is_all_that_another_installation_needs(run: Run, table: Path) -> None:
    table.write_text(exported := run("export_sites"))
    Site.objects.all().delete()

    run("import_sites", str(table))

    assert run("export_sites") == exported
    site = Site.objects.get(name="shop")
    assert {name: getattr(site, name) for name in mapping_fields()} == EVERY_FIELD
    assert site.references == parse_references(WORKLOADS)


def test_every_field_of_a_mapping_is_a_column(run: Run) -> None:
    heading = next(csv.reader(StringIO(run("export_sites"))))

    assert heading == [*mapping_fields(), "workloads"]
    assert EVERY_FIELD.keys() == mapping_fields().keys()
