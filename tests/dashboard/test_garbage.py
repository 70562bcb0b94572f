"""Whatever a form carries, a request is refused with a sentence: nothing is started, and nothing breaks."""

import pytest
from django.test import Client

from deployments.models import Deploy, Hold, Site, Status
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite
from tests.factories import NOW

pytestmark = pytest.mark.slow

FIELDS = (
    "sha",
    "seen",
    "key",
    "image",
    "reason",
    "until",
    "when",
    "accept_red",
    "accept_foreign_image",
    "scope",
    "follow_head",
    "wait_for_ci",
    "intent",
    "site",
    "host",
    "hours",
    "next",
)
ADDRESSES = (
    f"/sites/{HOST}/deploy",
    f"/sites/{HOST}/hold",
    f"/sites/{HOST}/rollback",
    f"/sites/{HOST}/restart",
    f"/sites/{HOST}/adopt",
    "/deploys/1/abort",
    "/deploys/1/retry",
    "/deploys/1/cancel",
    "/hold",
    "/holds/1/resume",
    "/deploy-all/",
    "/batches/1/cancel",
)
GARBAGE = {
    "nul": "a\x00b",
    "nul after a commit": f"{HEAD}\x00",
    "surrogate": b"\xed\xa0\x80",
    "not utf-8": b"\xff\xfe",
    "very long": "a" * 100_000,
    "sql": "'; DROP TABLE deployments_deploy; --",
    "template": "{{ settings.SECRET_KEY }}{sha}{0}%s%(x)s",
    "a number": "-1",
    "blank": " \t\r\n",
    "right to left": "\u202e" + "b" * 40,
    "full-width digits": "\uff11" * 40,
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("address", ADDRESSES)
def test_garbage_is_refused_and_begins_nothing(
    deployer: Client, make_site: MakeSite, address: str, garbage: str | bytes
) -> None:
    make_site()

    response = deployer.post(address, dict.fromkeys(FIELDS, garbage))

    assert response.status_code < 500
    assert not Deploy.objects.exists()
    # A reason may be any text that a page can show.
    assert not any("\x00" in hold.reason for hold in Hold.objects.all())


@pytest.mark.parametrize("field", ["sha", "seen", "key"])
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_one_field_of_garbage_does_not_ship(
    deployer: Client, site: Site, field: str, garbage: str | bytes
) -> None:
    form = {"sha": HEAD, "seen": RUNNING, "key": "5e9ae7a8-3c1c-4d58-9d7f-0f3d5a1f0f3d"}

    response = deployer.post(f"/sites/{HOST}/deploy", form | {field: garbage})

    assert response.status_code < 500
    assert not Deploy.objects.exclude(sha=HEAD, from_sha=RUNNING).exists()


@pytest.mark.parametrize("key", ["", "1", "not a key"])
def test_a_retry_without_a_proper_key_is_no_error(deployer: Client, site: Site, key: str) -> None:
    failed = Deploy.objects.create(
        site=site,
        sha=HEAD,
        image="x",
        status=Status.FAILED,
        trigger="person",
        requested_by_name="eve",
        requested_at=NOW,
        finished_at=NOW,
    )

    response = deployer.post(f"/deploys/{failed.pk}/retry", {"seen": RUNNING, "key": key})

    assert response.status_code == 302
