"""From no site to the first ones: an administrator ticks what a worker found, corrects it and adds it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from time import time

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Task

from dashboard.accounts.reauthentication import CHECKED_AT
from deployments.models import AuditEvent, Discovery, MappedWorkload, Site
from deployments.operations.first_start.apps import FoundApp
from deployments.queue.enqueue import TICK
from tests.dashboard.conftest import MakeSite

SHA = "c" * 40
CRON = FoundApp(
    key="aa11",
    name="cron.example.com",
    workloads="Deployment default/cron; CronJob default/cron-nightly",
    image=f"gcr.io/icco-cloud/cron:{SHA}",
    hosts=("cron.example.com",),
    owner="icco",
    repository="cron",
    commit=SHA,
    headline="Fix cron",
)
TABS = FoundApp(
    key="bb22",
    name="tabs",
    workloads="Deployment default/tabs",
    image=f"ghcr.io/someone/tabs-image:main-{SHA[:7]}",
    repository="tabs-image",
    problems=("Its repository is unknown. Enter it as owner/name.",),
)


def found(*apps: FoundApp) -> None:
    now = timezone.now()
    finding = {"subject": "Account", "grade": "good", "message": "The worker is <headway>.", "remedy": ""}
    steps = [{"title": "Cluster", "findings": [finding]}]
    Discovery.record(asked_at=now, finished_at=now, steps=steps, apps=[each.as_dict() for each in apps])


def fields(app: FoundApp, **changes: str) -> dict[str, str]:
    """What a browser sends of an app that is ticked."""
    values = {"add": "on", "name": app.name, "host": app.host, "repository": app.slug} | changes
    return {f"{app.key}-{name}": value for name, value in values.items()}


def add(client: Client, data: Mapping[str, str]) -> str:
    return client.post("/first-start/sites", data, follow=True).content.decode()


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    session = client.session
    session[CHECKED_AT] = time()
    session.save()
    return client


def test_without_a_site_the_list_leads_there(admin: Client) -> None:
    page = admin.get("/").content.decode()

    assert 'action="/first-start/search"' in page


def test_searching_is_a_worker_s_task(admin: Client) -> None:
    page = admin.post("/first-start/search", {"namespaces": "shop, web"}, follow=True).content.decode()

    assert OrmQ.objects.get().func() == "deployments.tasks.discover"
    assert Discovery.latest().namespaces == ["shop", "web"]
    assert ("Searching, started" in page, 'data-every="1"' in page) == (True, True)


def test_searching_again_searches_the_same_namespaces(admin: Client) -> None:
    admin.post("/first-start/search", {"namespaces": "shop"})

    admin.post("/first-start/search")

    assert Discovery.latest().namespaces == ["shop"]


@pytest.mark.parametrize("namespaces", ["Shop", "a/b", "-", "x" * 64])
def test_what_is_no_namespace_is_refused(admin: Client, namespaces: str) -> None:
    page = admin.post("/first-start/search", {"namespaces": namespaces}, follow=True).content.decode()

    assert "is not a namespace" in page
    assert not OrmQ.objects.exists()


def test_what_was_found_is_shown_and_does_not_refresh_while_someone_types(admin: Client) -> None:
    found(CRON, TABS)

    page = admin.get("/first-start/").content.decode()

    assert "The worker is &lt;headway&gt;." in page
    assert "data-every" not in page
    assert ('name="aa11-add" id="id_aa11-add" checked' in page, 'id="id_bb22-add" checked' in page) == (
        True,
        False,
    )
    assert "Its repository is unknown." in page


def test_what_is_ticked_becomes_sites_in_one_go(admin: Client) -> None:
    found(CRON, TABS)

    add(admin, fields(CRON) | fields(TABS, repository="https://github.com/someone/tabs"))

    assert list(Site.objects.values_list("name", "host", "owner", "repository", "image_template")) == [
        ("cron.example.com", "cron.example.com", "icco", "cron", ""),
        ("tabs", "", "someone", "tabs", "ghcr.io/someone/tabs-image:main-{short_sha}"),
    ]
    assert [str(each) for each in MappedWorkload.objects.order_by("site__name", "position")] == [
        "Deployment default/cron",
        "CronJob default/cron-nightly",
        "Deployment default/tabs",
    ]
    assert OrmQ.objects.get().task["kwargs"]["names"] == ["cron.example.com", "tabs"]
    assert AuditEvent.objects.filter(kind=AuditEvent.Kind.MAPPING).count() == 2


def test_an_image_whose_tag_moves_is_mapped_by_its_label(admin: Client) -> None:
    image = "registry.example.com/team/tabs:main"
    app = FoundApp(
        key="cc33",
        name="tabs",
        workloads="Deployment default/tabs",
        image=image,
        owner="icco",
        repository="tabs",
        is_by_label=True,
    )
    found(app)

    add(admin, fields(app))

    site = Site.objects.get()
    assert (site.commit_source, site.moving_tag) == ("label", "main")
    assert site.owns(image)


def test_what_is_not_ticked_is_left(admin: Client) -> None:
    found(CRON, TABS)

    add(admin, fields(CRON) | fields(TABS, add="", repository="not readable/at/all"))

    assert [each.name for each in Site.objects.all()] == ["cron.example.com"]
    assert "tabs" in admin.get("/first-start/").content.decode()


def test_what_cannot_be_added_keeps_what_was_typed_with_a_sentence(
    admin: Client, make_site: MakeSite
) -> None:
    make_site("taken.example.com")
    found(CRON, TABS)

    page = add(admin, fields(CRON) | fields(TABS, name="taken.example.com", repository="a/b"))

    assert Site.objects.filter(name="cron.example.com").exists()
    assert "already exists" in page
    assert 'value="a/b"' in page


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"repository": "tabs"}, "Write the repository as owner/name."),
        ({"repository": "some one/tabs"}, "Owner: "),
        ({"repository": "someone/tabs", "host": "no host"}, "Host: "),
        ({"repository": "someone/tabs", "name": "no name!"}, "Name: "),
    ],
)
def test_each_refusal_says_what_is_wrong(admin: Client, typed: dict[str, str], message: str) -> None:
    found(TABS)

    page = add(admin, fields(TABS, **typed))

    assert message in page
    assert not Site.objects.exists()
    assert not OrmQ.objects.exists()


def test_one_that_is_a_site_by_now_is_no_more_proposed(admin: Client) -> None:
    found(CRON)
    add(admin, fields(CRON))

    again = add(admin, fields(CRON))

    assert Site.objects.count() == 1
    assert "Nothing was added" in again


def test_workloads_that_no_search_found_cannot_be_mapped(admin: Client) -> None:
    found(CRON)

    add(admin, fields(TABS, repository="a/b"))

    assert not Site.objects.exists()


def test_a_search_that_never_ends_can_be_repeated(admin: Client) -> None:
    admin.post("/first-start/search")

    page = admin.get("/first-start/").content.decode()

    assert "Search again" in page


def test_without_a_worker_that_is_said_and_what_was_found_earlier_can_be_added(admin: Client) -> None:
    found(CRON)
    admin.post("/first-start/search")

    page = admin.get("/first-start/").content.decode()

    assert "No worker has been seen lately." in page
    assert ('id="id_aa11-add"' in page, "data-every" in page) == (True, False)


def test_while_a_worker_searches_nothing_is_typed_that_its_answer_would_replace(admin: Client) -> None:
    found(CRON)
    now = timezone.now()
    Task.objects.create(id="1", name="tick", func=TICK, started=now, stopped=now, success=True)
    admin.post("/first-start/search")

    page = admin.get("/first-start/").content.decode()

    assert "No worker" not in page
    assert ('id="id_aa11-add"' in page, 'data-every="1"' in page) == (False, True)


def test_of_very_many_apps_no_more_are_shown_than_a_form_may_send(admin: Client) -> None:
    apps = [
        replace(
            CRON, key=f"k{number}", name=f"app-{number}", hosts=(), workloads=f"Deployment default/a{number}"
        )
        for number in range(130)
    ]
    found(*apps)

    first, second = (admin.get(f"/first-start/?page={number}").content.decode() for number in (1, 2))

    assert (first.count('-add"') // 2, second.count('-add"') // 2) == (100, 30)
    assert ("1 to 100 of 130" in first, "101 to 130 of 130" in second) == (True, True)


def test_from_the_second_page_its_own_apps_are_added_and_no_others(admin: Client) -> None:
    apps = [
        replace(
            CRON, key=f"k{number}", name=f"app-{number}", hosts=(), workloads=f"Deployment default/a{number}"
        )
        for number in range(130)
    ]
    found(*apps)

    add(admin, fields(apps[129], host="") | fields(apps[128], host="", repository="no owner"))

    assert list(Site.objects.values_list("name", flat=True)) == ["app-129"]


def test_a_search_for_words_is_kept_for_the_next_one_until_they_are_taken_out(admin: Client) -> None:
    admin.post("/first-start/search", {"namespaces": "shop", "words": " cron Web "})
    admin.post("/first-start/search")
    kept = Discovery.latest()

    admin.post("/first-start/search", {"namespaces": "", "words": ""})

    assert (kept.namespaces, kept.words) == (["shop"], "cron Web")
    assert (Discovery.latest().namespaces, Discovery.latest().words) == ([], "")


def test_the_page_says_what_was_searched_for(admin: Client) -> None:
    found()
    Discovery.record(words="<cron>")

    page = admin.get("/first-start/").content.decode()

    assert "Nothing was found for “&lt;cron&gt;”" in page
    assert 'value="&lt;cron&gt;"' in page


def test_where_nothing_was_found_each_step_shows_what_it_saw(admin: Client) -> None:
    found()

    page = admin.get("/first-start/").content.decode()

    assert re.search(r'<details class="fold step"\s+open>', page)
    assert "Nothing was found that is not a site yet." in page
    assert "search other namespaces" in page


def test_where_a_step_failed_the_page_does_not_say_that_there_is_nothing(admin: Client) -> None:
    finding = {"subject": "Account", "grade": "bad", "message": "Unauthorized", "remedy": "Renew it."}
    steps = [{"title": "Cluster", "findings": [finding]}, {"title": "Registry", "findings": []}]
    now = timezone.now()
    Discovery.record(asked_at=now, finished_at=now, steps=steps)

    page = admin.get("/first-start/").content.decode()

    assert "Nothing could be found. Fix what failed above, then search again." in page
    assert "that is not a site yet" not in page
    assert 'class="act go">Search again</button>' in page


@pytest.mark.parametrize("odd", [{"colour": "red"}, {"hosts": None}, "text", None, {"key": "x"}, []])
def test_what_another_version_has_written_hides_nothing_else(admin: Client, odd: object) -> None:
    row = CRON.as_dict() | odd | {"key": "dd44"} if isinstance(odd, dict) and "colour" in odd else odd
    Discovery.record(finished_at=timezone.now(), apps=[row, CRON.as_dict()])

    page = admin.get("/first-start/").content.decode()

    assert 'id="id_aa11-add"' in page


@pytest.mark.parametrize(
    ("method", "address"),
    [("get", "/first-start/"), ("post", "/first-start/search"), ("post", "/first-start/sites")],
)
def test_it_takes_the_right_to_add_sites(method: str, address: str) -> None:
    user = User.objects.create_user("staff", is_staff=True)
    client = Client()
    client.force_login(user)

    without = getattr(client, method)(address).status_code
    user.user_permissions.add(Permission.objects.get(codename="add_site"))
    with_it = getattr(client, method)(address).status_code

    assert (without, with_it == 403) == (403, False)


@pytest.mark.parametrize("codename", ["", "view_site", "deploy_site"])
@pytest.mark.parametrize(
    ("method", "address"),
    [("get", "/first-start/"), ("post", "/first-start/search"), ("post", "/first-start/sites")],
)
def test_viewers_and_deployers_find_and_add_nothing(method: str, address: str, codename: str) -> None:
    found(CRON)
    user = User.objects.create_user("vera")
    user.user_permissions.set(Permission.objects.filter(codename=codename))
    client = Client()
    client.force_login(user)

    answer = getattr(client, method)(address, fields(CRON))

    assert answer.status_code == 403
    assert CRON.headline not in answer.content.decode()
    assert not Site.objects.exists()


def test_a_stranger_is_asked_to_log_in(db: None) -> None:
    found(CRON)

    answers = [
        Client().get("/first-start/"),
        Client().post("/first-start/search"),
        Client().post("/first-start/sites", fields(CRON)),
    ]

    assert [each.status_code for each in answers] == [302] * 3
    assert (Site.objects.exists(), OrmQ.objects.exists()) == (False, False)


def test_the_same_sent_twice_adds_it_once(admin: Client) -> None:
    found(CRON)
    add(admin, fields(CRON))

    page = add(admin, fields(CRON))

    assert Site.objects.count() == 1
    assert "Nothing was added" in page
    assert OrmQ.objects.count() == 1


def test_what_was_ticked_before_the_session_ended_is_shown_again_and_not_added(admin: Client) -> None:
    found(CRON, TABS)

    page = add(admin, fields(CRON, name="crond") | {"typed": "1"})

    assert 'value="crond"' in page
    assert "You were logged out" in page
    assert not Site.objects.exists()


def test_a_page_of_many_says_which_it_is_and_what_is_added_from_it(admin: Client) -> None:
    found(*(replace(CRON, key=f"cc{number}") for number in range(101)))

    first, second = (admin.get(f"/first-start/?page={number}").text for number in (1, 2))

    assert "Found in the cluster: 1 to 100 of 101" in first
    assert "Found in the cluster: 101 to 101 of 101" in second
    assert "Only sites that are ticked on this page are added." in first
    assert 'href="?page=2#found"' in first


@pytest.mark.parametrize(("others", "page"), [(100, "/first-start/"), (0, "/")])
def test_the_next_page_follows_where_there_is_one(admin: Client, others: int, page: str) -> None:
    found(CRON, *(replace(TABS, key=f"cc{number}") for number in range(others)))

    answer = admin.post("/first-start/sites", fields(CRON))

    assert answer["Location"] == page
    assert Site.objects.get().name == CRON.name
