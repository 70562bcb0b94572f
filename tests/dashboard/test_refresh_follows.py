"""Whatever field of a row a page shows: where it changes, the page's next refresh brings it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from itertools import zip_longest
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, models, transaction
from django.test import Client
from django.utils import timezone

from deployments.models import Deploy, Hold, Observation, Site, Status
from deployments.rules.site_facts import CheckState
from tests.dashboard.conftest import HEAD, RUNNING, MakeSite

LIVE = {"HX-Request": "true"}
OTHER_SHA = "c" * 40
SLOW = pytest.mark.slow
"""Ten seconds, and more fields that are shown in the same way."""

NOT_SHOWN = {
    Site: {
        "created_at": "nobody asked",
        "check_enabled": "a setting: the admin shows it",
        "check_path": "a setting: the admin shows it",
        "check_status": "a setting: the admin shows it",
        "check_timeout_seconds": "a setting: the admin shows it",
        "requires_provenance": "a setting: the admin shows it",
        "tag_pattern": "a setting: the admin shows it, and by release the page",
        "prereleases": "a setting: the admin shows it, and by release the page",
        "moving_tag": "a setting: the admin shows it",
        "pins_digest": "a setting: the admin shows it",
        "former_repository": "where images lay before a rename, for the guards",
    },
    Observation: {
        "repository_id": "GitHub's key, for following renames",
        "head_version": "by release alone",
        "built_version": "by release alone",
        "awaited_check_state": "with paths alone",
        "left_out": "with paths alone",
        "running_version": "by release alone",
        "head_seen_at": "for how long CI and the build are waited for",
        "asked_below": "for asking once",
        "branch_has_ci": "for knowing CI that has not begun",
        "github_refused": "the message of the trouble says so",
        "outage_reason": "its name for programs; the message is shown",
        "outage_message": "where no pod is ready, in the site's answer",
        "unmapped": "where the newest commit runs, in the site's answer",
        "resource_version": "Kubernetes' own, to see whether anything has changed",
    },
    Deploy: {
        "image": "the commit is shown; the image follows from the mapping",
        "rolls_back": "the sentence and the cause say so",
        "accepts_image": "what was agreed to, for the guards",
        "applied_image": "what an admission made of the image, for the guards",
        "denied_since": "the sentence says so",
        "released_at": "the steps and the timeline say so",
        "release_job": "the timeline names its Job",
        "digest": "for comparing with what pods report",
        "from_image": "only as a way back, once a deploy has succeeded",
        "from_image_seen_at": "only as a way back, once a deploy has succeeded",
        "from_image_gone": "only as a way back, once a deploy has succeeded",
        "requested_by": "the name is shown, which stays when the user is deleted",
        "idempotency_key": "for knowing a second tap",
        "accepts_red": "what was agreed to, for the guards",
        "waits_for_ci": "the sentence says so",
        "checks": "the sentence says so",
        "checked_at": "the timeline says so",
        "reason": "its name for programs; the sentence is shown",
    },
    Hold: {
        "placed_by": "the name is shown, which stays when the user is deleted",
        "rollback": "the reason says so",
        "resumed_by_name": "written together with resumed_at, and never again",
    },
}
ATTESTATION = {"repository": "icco/cron", "workflow": ".github/workflows/build.yml", "commit": HEAD}
PROVENANCE = {
    "sha": HEAD,
    "digest": "sha256:0",
    "first_asked_at": None,
    "attestation": ATTESTATION,
    "problem": "",
}
IN_ROW = {
    "check_state": list(CheckState),
    "built_check_state": list(CheckState),
    "awaited_check_state": list(CheckState),
    "built_from_sha": [HEAD],
    "asked_below": [{OTHER_SHA: "2026-11-23T12:00:00+00:00"}],
    "build_seconds": [[60]],
    "provenance": [PROVENANCE],
    "workloads": [
        [
            {"kind": "Deployment", "namespace": "default", "name": "web", "asked": HEAD},
            {"kind": "CronJob", "namespace": "default", "name": "tick", "asked": RUNNING},
        ]
    ],
    "desired_image": [f"gcr.io/icco-cloud/cron:{OTHER_SHA}", "gcr.io/other/app:1"],
    "outage_pods": [[{"name": "cron-1", "status": "Error", "restarts": 3, "created_at": None}]],
    "image_template": ["gcr.io/elsewhere/{repository}:{sha}"],
}


class Shown(HTMLParser):
    """What a person gets of a fragment: every word and attribute, but for the forms' keys and how long ago something was."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self._in_time = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_time = tag == "time"
        if dict(attrs).get("name") not in {"csrfmiddlewaretoken", "key"}:
            self.found.append((tag, [each for each in attrs if each[0] != "data-version"]))

    def handle_endtag(self, tag: str) -> None:
        self._in_time = False

    def handle_data(self, data: str) -> None:
        if not self._in_time and data.strip():
            self.found.append(data)


Change = tuple[str, object]
"""A column, and what it has instead."""


@dataclass(frozen=True)
class Row:
    """A row as it is while a page shows it."""

    of: type[models.Model]
    key: int
    pages: tuple[str, ...]


def deploy_of(site: Site, status: Status, **values: object) -> Deploy:
    now = timezone.now()
    usual = {
        "sha": HEAD,
        "from_sha": RUNNING,
        "image": "image",
        "trigger": "person",
        "requested_by_name": "ada",
        "requested_at": now - timedelta(minutes=2),
        "queued_at": now - timedelta(minutes=2),
        "patched_at": now,
        "finished_at": None,
        "wanted": 3,
        "updated": 2,
        "ready": 1,
    }
    deploy = Deploy.objects.create(site=site, status=status, **(usual | values))
    Observation.objects.filter(site=site).update(latest_deploy=deploy)
    return deploy


@pytest.fixture
def admin(person: User) -> Client:
    person.is_staff = True
    person.save()
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def rows(make_site: MakeSite) -> tuple[Row, ...]:
    """Rows in every state in which a page says something of them that it does not say of others."""
    now = timezone.now()
    kinds = {
        "ready": {},
        "current": {"running_sha": HEAD, "desired_sha": HEAD, "behind_by": 0},
        "unread": {"github_observed_at": None},
        "blind": {"cluster_observed_at": None},
        "unbuilt": {"head_image_built": None},
        "slow": {
            "head_image_built": False,
            "head_seen_at": now - timedelta(hours=5),
            "build_seconds": [300],
        },
        "below": {
            "head_image_built": False,
            "built_sha": "d" * 40,
            "built_from_sha": RUNNING,
            "built_check_state": "success",
        },
        "unplaced": {"behind_by": None},
        "without-ci": {"check_state": "unknown"},
        "automatic": {"check_state": "pending"},
        "drifted": {
            "desired_by": "kubectl",
            "desired_at": now,
            "accepted_image": f"gcr.io/icco-cloud/drifted:{HEAD}",
        },
        "unlabelled": {"running_sha": "", "desired_sha": ""},
        "held": {},
        "moving": {},
        "queued": {},
        "waiting": {},
        "hasty": {},
        "succeeded": {},
        "failed": {},
    }
    sites = {name: make_site(f"{name}.example.com", **seen) for name, seen in kinds.items()}
    hold = Hold.objects.create(
        site=sites["held"], reason="Wait", placed_by_name="ada", placed_at=now, until=now + timedelta(days=1)
    )
    Site.objects.filter(host__regex="^(automatic|hasty)").update(auto_deploy=True)
    deploy_of(sites["hasty"], Status.CANCELLED, sha=OTHER_SHA, finished_at=now)
    moving = deploy_of(sites["moving"], Status.ROLLING_OUT)
    waiting = deploy_of(sites["waiting"], Status.WAITING, queued_at=None, patched_at=None)
    queued = deploy_of(sites["queued"], Status.QUEUED, patched_at=None)
    # The newest one that has ended: older ones no longer change.
    good = deploy_of(
        sites["succeeded"],
        Status.SUCCEEDED,
        sha=OTHER_SHA,
        image=f"gcr.io/icco-cloud/succeeded:{OTHER_SHA}",
        finished_at=now,
    )
    failed = deploy_of(sites["failed"], Status.FAILED, patched_at=None, finished_at=now)
    return (
        *(Row(Site, site.pk, pages_of(site)) for site in sites.values()),
        *(Row(Observation, site.pk, pages_of(site)) for site in sites.values()),
        *(
            Row(Deploy, each.pk, (f"/deploys/{each.pk}/", f"/sites/{each.site.host}/", "/activity/"))
            for each in (moving, waiting, queued, failed)
        ),
        Row(Deploy, good.pk, ("/sites/succeeded.example.com/rollback",)),
        Row(Hold, hold.pk, ("/sites/held.example.com/", "/", "/activity/")),
    )


def pages_of(site: Site) -> tuple[str, ...]:
    also = {"ready.example.com": ["/"], "drifted.example.com": [f"/sites/{site.host}/drift"]}
    return f"/sites/{site.host}/", *also.get(site.host, [])


def others_for(field: models.Field, value: object) -> list[object]:
    """Return values that this field may have instead; the database refuses those that do not suit the rest of the row."""
    now = timezone.now()
    others: list[object] = [OTHER_SHA] if field.name.endswith("sha") else ["other.words", "other"]
    if field.name in IN_ROW or field.choices:
        others = IN_ROW.get(field.name) or [key for key, _ in field.choices or ()]
    elif isinstance(field, models.ForeignKey):
        others = list(field.related_model._default_manager.values_list("pk", flat=True)[:2])
    elif isinstance(field, models.DateTimeField):
        others = [now - timedelta(days=40), now + timedelta(days=2)]
    elif isinstance(field, models.BooleanField):
        others = [True, False]
    elif isinstance(field, models.IntegerField):
        others = [(value or 0) + 1]
    elif isinstance(field, models.UUIDField):
        others = [uuid4()]
    return [each for each in [*others, *([None] if field.null else [])] if each != value]


def shown_by(client: Client, page: str) -> tuple[list[object], str]:
    """Return what a page shows, and its version; nothing where it is not there."""
    answer = client.get(page, headers=LIVE)
    return (Shown(answer.text).found, answer["ETag"]) if answer.status_code == 200 else ([], "")


@dataclass(frozen=True)
class Probe:
    """What a person's pages show of one row, and what they would show if it were otherwise."""

    client: Client
    row: Row
    before: Mapping[str, tuple[list[object], str]]

    def shown(self, changes: Sequence[Change]) -> Iterator[Change]:
        """Those that a page shows alone. Most show nothing: they are made together, and in halves only where something differs."""
        if not changes or not self._differs(changes):
            return
        if len(changes) == 1:
            yield changes[0]
            return
        middle = len(changes) // 2
        yield from self.shown(changes[:middle])
        yield from self.shown(changes[middle:])

    def is_followed(self, change: Change) -> bool | None:
        """Whether the refresh of the first page that shows it does, too; None where the only difference is that a page is gone."""
        with self._made([change]):
            for page in self.row.pages:
                shown, _ = shown_by(self.client, page)
                if shown and shown != self.before[page][0]:
                    headers = LIVE | {"If-None-Match": self.before[page][1]}
                    return self.client.get(page, headers=headers).status_code == 200
        return None

    def _differs(self, changes: Sequence[Change]) -> bool:
        """What the database refuses differs as long as it is several changes."""
        try:
            with self._made(changes):
                return any(shown_by(self.client, page)[0] != self.before[page][0] for page in self.row.pages)
        except DatabaseError:
            return len(changes) > 1

    @contextmanager
    def _made(self, changes: Sequence[Change]) -> Iterator[None]:
        with transaction.atomic():
            self.row.of._default_manager.filter(pk=self.row.key).update(**dict(changes))
            yield
            transaction.set_rollback(True)


def changes_of(row: Row, fields: Iterable[models.Field]) -> Iterator[list[Change]]:
    """The row's fields with the first value that each may have instead; then with the second, and so on."""
    values = row.of._default_manager.filter(pk=row.key).values().get()
    others = [[(each.attname, other) for other in others_for(each, values[each.attname])] for each in fields]
    for together in zip_longest(*others):
        yield [change for change in together if change]


@pytest.mark.parametrize(
    "of", [Site, pytest.param(Observation, marks=SLOW), pytest.param(Deploy, marks=SLOW), Hold]
)
def test_a_refresh_brings_each_field_that_a_page_shows(
    admin: Client, rows: tuple[Row, ...], of: type[models.Model]
) -> None:
    fields = {field.attname: field for field in of._meta.concrete_fields if not field.primary_key}
    found: dict[str, bool] = {}

    for number, row in enumerate(each for each in rows if each.of is of):
        probe = Probe(admin, row, {page: shown_by(admin, page) for page in row.pages})
        # What is not shown is looked for in one row only.
        left = [
            field
            for name, field in fields.items()
            if name not in found and not (number and field.name in NOT_SHOWN[of])
        ]
        for together in changes_of(row, left):
            for change in probe.shown([each for each in together if each[0] not in found]):
                if (follows := probe.is_followed(change)) is not None:
                    found[change[0]] = follows

    shown = {fields[name].name for name in found}
    assert {name for name, follows in found.items() if not follows} == set()
    assert {field.name for field in fields.values()} - shown == NOT_SHOWN[of].keys()
