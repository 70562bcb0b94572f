"""Every address that takes a POST, with a login of 16 minutes ago: nothing risky happens before a fresh check, by none of them."""

from collections.abc import Callable
from time import time
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.forms import model_to_dict
from django.test import Client
from django.utils import timezone

from dashboard.accounts.invitations import invite, pending
from dashboard.accounts.reauthentication import CHECKED_AT
from dashboard.accounts.roles import Role
from deployments.models import Deploy, DeployBatch, Discovery, Hold, Observation, Site, Status, Trigger
from deployments.operations.first_start.apps import FoundApp
from deployments.operations.hold import place_hold
from tests.dashboard.address_table import TABLE
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite
from tests.dashboard.test_every_address import address_of

PASSWORD = "long enough 7"
FAR = "d" * 40
FARTHER = "e" * 40
FOREIGN = f"gcr.io/icco-cloud/other:{HEAD}"
FLAGS = {
    "accept_red": "on",
    "accept_foreign_image": FOREIGN,
    "when_ready": "on",
    "follow": "newest",
    "image": FOREIGN,
}
Prepare = Callable[[Site], object]
Body = dict[str, object]


def red(site: Site) -> None:
    Observation.objects.update(check_state="failure")


def foreign(site: Site) -> None:
    Observation.objects.update(desired_image=FOREIGN, desired_sha="", running_sha="")


def went_by(site: Site) -> None:
    """What ran long ago, and newer ones after it."""
    for sha in (FAR, FARTHER, "f" * 40, RUNNING):
        ended(site, sha, Status.SUCCEEDED)


def failed_far_back(site: Site) -> None:
    ended(site, FAR, Status.FAILED)
    ended(site, RUNNING, Status.SUCCEEDED)


def failed_red(site: Site) -> None:
    red(site)
    ended(site, HEAD, Status.FAILED, accepts_red=True)


def red_and_no_more_the_head(site: Site) -> None:
    ended(site, FAR, Status.FAILED, accepts_red=True)


def far_way_back(site: Site) -> None:
    """A rollout that names no commit from which it came, after one that ran long ago."""
    went_by(site)
    ended(site, "f" * 40, Status.SUCCEEDED)
    Observation.objects.update(latest_deploy=ended(site, HEAD, Status.ROLLING_OUT, from_sha=FAR))
    # Meanwhile something else was tried: what ran before that is far by now.
    ended(site, RUNNING, Status.SUCCEEDED)


def anothers_hold(site: Site) -> None:
    place_hold(site=site, reason="Freeze", by=User.objects.create_user("ada"), now=timezone.now())


def found_another(_: Site) -> None:
    app = FoundApp(
        key="aa11", name="tabs", workloads="Deployment default/tabs", image=f"gcr.io/icco-cloud/tabs:{HEAD}"
    )
    Discovery.record(finished_at=timezone.now(), apps=[app.as_dict()])


def invited(_: Site) -> None:
    invite(name="zoe", role=Role.ADMIN, by=User.objects.get(), now=timezone.now())


def ended(site: Site, sha: str, status: Status, **more: object) -> Deploy:
    now = timezone.now()
    values = {"finished_at": None if status == Status.ROLLING_OUT else now, "requested_by_name": "ada"} | more
    return Deploy.objects.create(
        site=site,
        sha=sha,
        image=f"{site.expected_repository}:{sha}",
        status=status,
        trigger=Trigger.PERSON,
        requested_at=now,
        **values,
    )


def shipping(sha: str, **more: str) -> Body:
    return {"sha": sha, "seen": RUNNING, "key": str(uuid4()), **more}


def mapped(name: str) -> Body:
    """A mapping's form, filled in."""
    defaults = {
        key: value for key, value in model_to_dict(Site()).items() if value is not None and value is not False
    }
    row = {"kind": "Deployment", "namespace": "default", "name": name, "position": 0}
    return {
        **defaults,
        "name": HOST,
        "repository": "icco/more",
        "workloads-TOTAL_FORMS": 1,
        "workloads-INITIAL_FORMS": 0,
        **{f"workloads-0-{key}": value for key, value in row.items()},
    }


RISKY: list[tuple[str, Prepare, Body]] = [
    ("sites/<site:name>/deploy", red, shipping(HEAD, accept_red="on")),
    ("sites/<site:name>/deploy", went_by, shipping(FAR)),
    ("sites/<site:name>/deploy", red_and_no_more_the_head, shipping(FAR)),
    ("sites/<site:name>/deploy", went_by, shipping(HEAD, when_ready="on", accept_red="on", follow="newest")),
    ("sites/<site:name>/deploy", foreign, shipping(HEAD, seen="", accept_foreign_image=FOREIGN)),
    ("sites/<site:name>/rollback", went_by, shipping(FAR)),
    ("deploys/<int:pk>/retry", failed_red, {"seen": RUNNING}),
    ("deploys/<int:pk>/retry", failed_far_back, {"seen": RUNNING}),
    ("deploys/<int:pk>/abort", far_way_back, {}),
    ("deploy-all/", went_by, {"item": [f"{HOST} {FAR} {RUNNING}"], "key": str(uuid4())}),
    ("holds/<int:pk>/resume", anothers_hold, {}),
    (
        "first-start/sites",
        found_another,
        {"aa11-add": "on", "aa11-repository": "icco/tabs", "aa11-name": "tabs"},
    ),
    ("invitations/", went_by, {"username": "zoe", "role": "admin"}),
    ("invitations/<int:pk>/renew", invited, {}),
    ("sites/<site:name>/automation", went_by, {"switch": "auto_deploy on"}),
    ("sites/add", went_by, {**mapped("more"), "name": "more"}),
    ("sites/<site:name>/edit", went_by, mapped("tabs-two")),
    ("sites/<site:name>/delete", went_by, {}),
]
SAFE = {
    "sites/<site:name>/sync": "looks, and changes nothing",
    "sites/<site:name>/hold": "stops",
    "sites/<site:name>/images": "looks, and changes nothing",
    "sites/<site:name>/pods": "looks, and changes nothing",
    "sites/<site:name>/log": "looks, and changes nothing",
    "sites/<site:name>/restart": "runs what runs already",
    "sites/<site:name>/adopt": "writes down what runs already",
    "deploys/<int:pk>/cancel": "stops",
    "batches/<int:pk>/cancel": "stops",
    "sync": "looks; what it deploys, it deploys without us, too",
    "hold": "stops",
    "doctor/check-again": "looks, and changes nothing",
    "first-start/search": "looks, and changes nothing",
    "hooks/tokens": "who has it may ask for syncs",
    "hooks/tokens/<int:pk>/revoke": "stops",
    "hooks/github": "looks; what it deploys, it deploys without us, too",
    "hooks/actions": "looks; what it deploys, it deploys without us, too",
    "hooks/google": "looks; what it deploys, it deploys without us, too",
    "hooks/image/<str:token>": "looks; what it deploys, it deploys without us, too",
    "me/notifications/is-subscribed": "asks, and changes nothing",
    "me/stars": "one's own stars",
    "me/notifications/": "one's own notifications",
    "me/notifications/subscribe": "one's own notifications",
    "me/notifications/unsubscribe": "one's own notifications",
    "invitations/<int:pk>/revoke": "stops",
    "invited/<str:token>": "its link is what lets in, once",
    "welcome/": "there before anyone is",
}
PEOPLES_OWN = ("login/", "logout/", "account/", "admin/")
"""Their checks are walked in test_first_factors.py and in test_reauthentication.py."""


@pytest.fixture
def late(client: Client, settings: LazySettings) -> Client:
    """One who may do anything, and logged in 16 minutes ago."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    User.objects.create_superuser("eve", password=PASSWORD)
    client.force_login(User.objects.get())
    session = client.session
    session[CHECKED_AT] = time() - 16 * 60
    session.save()
    return client


def address(route: str) -> str:
    path = address_of(route).replace("a.example.com", HOST)
    deploy = Deploy.objects.filter(status__in=(Status.FAILED, Status.ROLLING_OUT)).first()
    for name, row in (
        ("deploys", deploy),
        ("holds", Hold.objects.first()),
        ("invitations", pending().first()),
    ):
        path = path.replace(f"/{name}/1/", f"/{name}/{row.pk if row else 1}/")
    return path


def what_is_there() -> list[object]:
    rows = (each.objects.order_by("pk") for each in (Deploy, DeployBatch, Hold, Site, User))
    return [row for each in rows for row in each.values()]


def test_each_address_that_takes_a_post_is_listed() -> None:
    takes_posts = {route for route, row in TABLE.items() if set(row["POST"]) != {"405"}}

    listed = {route for route, _, _ in RISKY} | set(SAFE)

    assert {route for route in takes_posts if not route.startswith(PEOPLES_OWN)} == listed


@pytest.mark.parametrize(("route", "prepare", "body"), RISKY)
def test_what_is_risky_asks_first_and_is_done_afterwards(
    late: Client, site: Site, route: str, prepare: Prepare, body: Body
) -> None:
    prepare(site)
    before, path = what_is_there(), address(route)

    asked = late.post(path, body)["Location"]
    meanwhile = what_is_there()
    late.post(asked, {"password": PASSWORD, "next": path})

    assert asked.startswith("/account/check/password?next=")
    assert meanwhile == before
    assert what_is_there() != before


SLOW = pytest.mark.slow
OTHERS = (went_by, failed_red, failed_far_back, red_and_no_more_the_head)


@pytest.mark.parametrize("flags", [pytest.param({}, marks=SLOW), FLAGS], ids=["plain", "all flags"])
@pytest.mark.parametrize(
    "prepare",
    [red, foreign, *(pytest.param(each, marks=SLOW) for each in OTHERS)],
)
def test_no_address_ships_it_whatever_is_sent(
    late: Client, site: Site, prepare: Prepare, flags: Body
) -> None:
    prepare(site)
    before = Deploy.objects.count()
    seen = Observation.objects.get().running_sha
    sha = FAR if prepare in {went_by, failed_far_back, red_and_no_more_the_head} else HEAD

    for route in TABLE:
        items = {"item": [f"{HOST} {sha} {seen}"], "key": str(uuid4()), "sha": sha, "seen": seen}
        if not route.startswith(PEOPLES_OWN):
            late.post(address(route), flags | items)
            Hold.objects.all().delete()

    shipped = Deploy.objects.order_by("pk")[before:]
    assert [(each.kind, each.sha) for each in shipped if each.kind != "restart"] == []


@pytest.mark.parametrize("is_staff", [False, True])
def test_another_apps_image_is_replaced_by_an_administrator_alone(
    deployer: Client, site: Site, is_staff: bool
) -> None:
    foreign(site)
    User.objects.update(is_staff=is_staff)

    page = deployer.get(f"/sites/{HOST}/drift").text
    deployer.post(f"/sites/{HOST}/deploy", shipping(HEAD, seen="", accept_foreign_image=FOREIGN))

    assert ("accept_foreign_image" in page, Deploy.objects.exists()) == (is_staff, is_staff)
    assert ("Only an administrator can replace" in page) is not is_staff


def test_a_batch_of_newest_commits_needs_no_check(late: Client, make_site: MakeSite) -> None:
    make_site()

    late.post("/deploy-all/", {"item": [f"{HOST} {HEAD} {RUNNING}"], "key": str(uuid4())})

    assert Deploy.objects.get().sha == HEAD
