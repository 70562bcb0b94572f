"""The list: one row, one answer."""

import gzip
import re

from django.test import Client
from django.utils import timezone

from deployments.models import Hold, Site, SyncRun
from tests.dashboard.conftest import HEAD, RUNNING, MakeSite

LIVE = {"HX-Request": "true"}


def test_a_stranger_is_asked_to_log_in(stranger: Client) -> None:
    response = stranger.get("/?q=cron")

    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/%3Fq%3Dcron"


def test_a_fragment_for_a_stranger_moves_the_whole_page_to_the_login(stranger: Client) -> None:
    response = stranger.get("/", headers=LIVE | {"HX-Current-URL": "https://headway.example/activity/"})

    assert response["HX-Redirect"] == "/login/?next=/activity/"


def test_no_sites_yet_shows_staff_how_to_add_them(admin_client: Client) -> None:
    page = admin_client.get("/").text

    assert "import_sites" in page
    assert "/sites/add" in page
    assert "No sync yet" not in page


def test_a_ready_row_leads_to_the_sheet_that_shows_what_ships(deployer: Client, site: Site) -> None:
    page = deployer.get("/").text

    assert re.search(rf'data-sheet\s+href="/sites/{site.host}/deploy\?sha={HEAD}"', page)
    assert 'name="sha"' not in page


def test_a_red_row_leads_to_the_sheet_too(deployer: Client, make_site: MakeSite) -> None:
    site = make_site(check_state="failure")

    page = deployer.get("/").text

    assert f'href="/sites/{site.host}/deploy?sha={HEAD}"' in page
    assert "Deploy anyway" in page


def test_a_diverged_row_leads_to_the_sheet_as_a_risk(deployer: Client, make_site: MakeSite) -> None:
    site = make_site(ahead_by=2)

    page = deployer.get("/").text

    assert f'href="/sites/{site.host}/deploy?sha={HEAD}"' in page


def test_a_viewer_gets_no_button(viewer: Client, site: Site, synced: SyncRun) -> None:
    page = viewer.get("/").text

    assert site.host in page
    assert re.findall(r'<form[^>]+method="post"[^>]+action="([^"]+)"', page) == ["/me/stars"]


def test_a_search_narrows_the_rows_and_keeps_the_counts(deployer: Client, make_site: MakeSite) -> None:
    make_site("cron.example.com")
    make_site("blog.example.com", head_sha=RUNNING, behind_by=0)

    page = deployer.get("/?q=CRON").text

    assert "/sites/cron.example.com/" in page
    assert "/sites/blog.example.com/" not in page
    assert "?q=CRON&amp;state=current" in page


def test_sites_that_need_attention_come_first(viewer: Client, make_site: MakeSite) -> None:
    make_site("a-current.example.com", head_sha=RUNNING, behind_by=0)
    make_site("b-ready.example.com")
    make_site("c-missing.example.com", workload_missing="Gone.")

    page = viewer.get("/").text

    hosts = re.findall(r'href="/sites/([^/"]+)/"', page)
    assert list(dict.fromkeys(hosts)) == [
        "c-missing.example.com",
        "b-ready.example.com",
        "a-current.example.com",
    ]


def test_a_search_without_a_match_leads_back(deployer: Client, site: Site) -> None:
    page = deployer.get("/?q=<b>nothing").text

    assert "No site matches" in page
    assert "“&lt;b&gt;nothing”" in page


def test_a_state_that_does_not_exist_narrows_nothing(deployer: Client, site: Site) -> None:
    assert f"/sites/{site.host}/" in deployer.get("/?state=zzz").text


def test_a_hold_on_everything_is_shown_on_top_with_a_way_out(deployer: Client, site: Site) -> None:
    hold = Hold.objects.create(reason="Moving house", placed_by_name="ada", placed_at=timezone.now())

    page = deployer.get("/").text

    assert "Moving house" in page
    assert page.count(f"/holds/{hold.pk}/resume") == 1


def test_a_sync_that_never_ran_is_a_warning(deployer: Client, site: Site) -> None:
    page = deployer.get("/").text

    assert "No sync yet." in page
    assert "Never synced" in page
    assert "check that the worker is running" in page


def test_a_person_who_cannot_sync_is_not_asked_to(viewer: Client, site: Site) -> None:
    page = viewer.get("/").text

    assert "No sync yet." in page
    assert "Ask an administrator for help" in page


def test_a_good_sync_is_no_warning(deployer: Client, site: Site, synced: SyncRun) -> None:
    page = deployer.get("/").text

    assert "just now" in page
    assert "banner warn" not in page


def test_the_list_makes_four_statements_for_34_sites(
    deployer: Client, make_site: MakeSite, synced: SyncRun, django_assert_num_queries: object
) -> None:
    for number in range(34):
        make_site(f"site-{number}.example.com")

    with django_assert_num_queries(4):  # type: ignore[operator]
        deployer.get("/")


def test_a_thousand_sites_are_shown_a_hundred_at_a_time(
    deployer: Client, make_site: MakeSite, synced: SyncRun
) -> None:
    for number in range(101):
        make_site(f"site-{number:03}.example.com")

    first, last = deployer.get("/").text, deployer.get("/?page=2").text

    assert first.count("/deploy?sha=") == 100
    assert "1 to 100 of 101" in first
    assert "All <b>101</b>" in first
    assert "site-100.example.com" in last
    assert 'href="?page=1"' in last


def test_a_page_beyond_the_last_is_the_last(deployer: Client, site: Site) -> None:
    assert site.host in deployer.get("/?page=99").text


def test_paging_keeps_the_search(deployer: Client, make_site: MakeSite) -> None:
    for number in range(101):
        make_site(f"site-{number:03}.example.com")

    assert 'href="?q=site&amp;page=2"' in deployer.get("/?q=site").text


def test_the_list_of_34_sites_travels_in_12_kilobytes(
    deployer: Client, make_site: MakeSite, synced: SyncRun
) -> None:
    for number in range(34):
        make_site(
            f"site-{number}.natwelch.com",
            head_headline=f"Bump package {number} from 1.{number} to 2.{number}",
        )

    page = deployer.get("/").content

    assert len(gzip.compress(page)) <= 12_000


def test_pages_carry_no_inline_script_and_no_inline_style(deployer: Client, site: Site) -> None:
    page = deployer.get("/").text

    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)


def test_pages_forbid_what_they_do_not_use(deployer: Client) -> None:
    policy = deployer.get("/")["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


def test_a_heading_says_who_has_to_act(viewer: Client, make_site: MakeSite) -> None:
    make_site("a-current.example.com", head_sha=RUNNING, behind_by=0)
    make_site("b-building.example.com", head_image_built=False)
    make_site("c-red.example.com", check_state="failure")
    make_site("d-ready.example.com")
    make_site("e-missing.example.com", workload_missing="Gone.")

    page = viewer.get("/").text

    assert re.findall(r'<h2>([^<]+)</h2>|href="/sites/(.)-', page) == [
        ("Needs attention", ""),
        ("", "e"),
        ("", "d"),
        ("", "c"),
        ("In progress or on hold", ""),
        ("", "b"),
        ("Up to date", ""),
        ("", "a"),
    ]
