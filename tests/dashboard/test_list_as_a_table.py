"""The list as something to read: sorted, filtered, starred and searched, by links and forms alone."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import CommitRange, NotificationPreference, Site, SyncRun
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite

BETWEEN = "c0ffee" + "0" * 34


@pytest.fixture
def three(make_site: MakeSite, synced: SyncRun) -> None:
    """One up to date, one red, one ready: each different in every column."""
    now = timezone.now()
    make_site(
        "b-current.example.com",
        head_sha=RUNNING,
        behind_by=0,
        head_author="Zoe",
        check_state="none",
        head_committed_at=now - timedelta(days=2),
    )
    make_site("c-red.example.com", behind_by=7, head_author="ben", check_state="failure")
    make_site("a-ready.example.com", behind_by=2, head_author="Ada", head_committed_at=None)


def names_on(page: str) -> str:
    return "".join(dict.fromkeys(re.findall(r'id="s-\d+"\s+href="/sites/(\w)-', page)))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "acb"),
        ("?sort=name", "abc"),
        ("?sort=-name", "cba"),
        ("?sort=behind", "cab"),
        ("?sort=-behind", "bac"),
        ("?sort=age", "cba"),
        ("?sort=-age", "bca"),
        ("?sort=author", "acb"),
        ("?sort=ci", "cba"),
        ("?sort=weight", "acb"),
        ("?sort=name&state=ready", "a"),
    ],
)
def test_the_list_is_sorted_by_a_column_and_what_is_not_known_comes_last(
    viewer: Client, three: None, query: str, names: str
) -> None:
    assert names_on(viewer.get(f"/{query}").text) == names


def test_a_column_s_link_turns_the_order_round_and_keeps_the_filters(viewer: Client, three: None) -> None:
    page = viewer.get("/?q=example&sort=age&page=1").text

    links = re.findall(r'href="([^"]*)"\s+(?:aria-current="true")?>(?:Newest commit|State|Site)', page)
    assert links == ["/?q=example&amp;sort=name", "/?q=example", "/?q=example&amp;sort=-age"]
    assert '<input type="hidden" name="sort" value="age">' in page


def test_a_row_says_what_runs_what_is_newest_and_how_ci_ended(viewer: Client, three: None) -> None:
    page = viewer.get("/?q=red").text

    assert f"<code>{RUNNING[:7]}</code> → <code>{HEAD[:7]}</code>" in page
    assert "CI </span>failed" in page


def test_sites_are_filtered_by_a_tag_together_with_the_other_filters(viewer: Client, three: None) -> None:
    Site.objects.filter(name__startswith="a").update(tags="team-a web")
    Site.objects.filter(name__startswith="b").update(tags="web")

    whole, web, both = (viewer.get(f"/{query}").text for query in ("", "?tag=web", "?tag=web&state=ready"))

    assert re.findall(r"#(team-a|web) <b>(\d)</b>", whole) == [("team-a", "1"), ("web", "2")]
    assert (names_on(web), names_on(both)) == ("ab", "a")
    assert 'href="/?tag=web&amp;state=ready"' in web
    assert "No site has the tag “none”." in viewer.get("/?tag=none").text


def test_the_last_filter_is_left_by_its_link(viewer: Client, three: None) -> None:
    Site.objects.update(tags="web")

    assert re.search(r'href="/\??"\s+>All <b>3', viewer.get("/?state=ready").text)
    assert re.search(r'href="/\??"\s+aria-current="true">#web <b>3', viewer.get("/?tag=web").text)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("newer scheduler", "a"),
        ("GRACE", "a"),
        (BETWEEN[:7], "a"),
        (HEAD[:7], "ac"),
        (RUNNING[:4], "acb"),
        ("scheduler nothing-like-it", ""),
        ("ready scheduler", "a"),
    ],
)
def test_a_search_finds_commits_to_deploy_by_their_words_author_and_sha(
    viewer: Client, three: None, words: str, names: str
) -> None:
    commit = {"sha": BETWEEN, "headline": "Try a newer scheduler", "author": "Grace", "url": ""}
    commit |= {"committed_at": "2026-11-23T12:00:00Z", "parents": []}
    fetched = {"owner": "icco", "base": RUNNING, "head": HEAD, "total": 1, "commits": [commit]}
    CommitRange.objects.create(repository="a-ready", **fetched)
    CommitRange.objects.create(repository="elsewhere", **fetched)

    assert names_on(viewer.get("/", {"q": words}).text) == names


def test_a_search_costs_one_more_query(
    viewer: Client, three: None, django_assert_num_queries: Callable[..., object]
) -> None:
    with django_assert_num_queries(5):
        viewer.get("/?q=a")


def test_a_starred_site_comes_first_and_is_what_notifications_call_starred(
    viewer: Client, three: None
) -> None:
    answer = viewer.post("/me/stars", {"star": "b-current.example.com", "next": "/?sort=name"})

    page = viewer.get("/").text
    assert answer["Location"] == "/?sort=name"
    assert names_on(page) == "bac"
    assert re.findall("<h2>([^<]+)", page) == ["Starred", "Needs attention"]
    assert NotificationPreference.objects.get().starred.get().name == "b-current.example.com"


def test_stars_are_each_person_s_own_and_are_taken_back(
    viewer: Client, deployer: Client, three: None
) -> None:
    for _ in range(2):
        viewer.post("/me/stars", {"star": "b-current.example.com"})

    others = deployer.get("/").text
    viewer.post("/me/stars", {"unstar": "b-current.example.com"})

    assert names_on(others) == "acb"
    assert names_on(viewer.get("/").text) == "acb"


def test_a_star_is_seen_by_the_next_refresh(viewer: Client, site: Site, synced: SyncRun) -> None:
    live = {"HX-Request": "true"}
    known = viewer.get("/", headers=live)["ETag"]

    viewer.post("/me/stars", {"star": HOST})

    refreshed = viewer.get("/", headers=live | {"If-None-Match": known})
    assert refreshed.status_code == 200
    assert 'aria-pressed="true"' in refreshed.text


def test_a_site_that_is_gone_cannot_be_starred(viewer: Client) -> None:
    assert viewer.post("/me/stars", {"star": "gone.example.com"}).status_code == 404


def test_a_whole_name_comes_before_what_is_starred(viewer: Client, three: None) -> None:
    viewer.post("/me/stars", {"star": "b-current.example.com"})
    Site.objects.filter(name__startswith="b").update(tags="a-ready.example.com")

    assert names_on(viewer.get("/?q=a-ready.example.com").text) == "ab"


def test_what_a_row_shows_is_read_as_one(deployer: Client, site: Site, synced: SyncRun) -> None:
    page = deployer.get("/").text

    assert f'aria-label="{HOST}"' in page
    assert f'aria-label="{HOST}: Deploy"' in page
    assert re.search(r'<ul class="rows">.*?</ul>', page, re.DOTALL)[0].count('<svg aria-hidden="true">') == 2
