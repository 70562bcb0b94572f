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


def test_no_sites_yet_tells_staff_how_to_add_them(admin_client: Client) -> None:
    page = admin_client.get("/").text

    assert "import_sites" in page
    assert "/admin/deployments/site/add/" in page


def test_a_ready_row_posts_what_the_person_saw(deployer: Client, site: Site) -> None:
    page = deployer.get("/").text

    assert f'action="/sites/{site.host}/deploy"' in page
    assert f'name="sha" value="{HEAD}"' in page
    assert f'name="seen" value="{RUNNING}"' in page


def test_a_risky_row_asks_first(deployer: Client, make_site: MakeSite) -> None:
    site = make_site(check_state="failure")

    page = deployer.get("/").text

    assert f'href="/sites/{site.host}/deploy?sha={HEAD}"' in page
    assert 'name="sha"' not in page


def test_a_diverged_row_asks_first(deployer: Client, make_site: MakeSite) -> None:
    site = make_site(ahead_by=2)

    page = deployer.get("/").text

    assert f'href="/sites/{site.host}/deploy?sha={HEAD}"' in page


def test_a_viewer_gets_no_button(viewer: Client, site: Site, synced: SyncRun) -> None:
    page = viewer.get("/").text

    assert site.host in page
    assert re.findall(r'<form[^>]+method="post"[^>]+action="([^"]+)"', page) == ["/logout/"]


def test_a_search_narrows_the_rows_and_keeps_the_counts(deployer: Client, make_site: MakeSite) -> None:
    make_site("cron.example.com")
    make_site("blog.example.com", head_sha=RUNNING, behind_by=0)

    page = deployer.get("/?q=CRON").text

    assert "/sites/cron.example.com/" in page
    assert "/sites/blog.example.com/" not in page
    assert "state=current&amp;q=CRON" in page


def test_a_search_without_a_match_leads_back(deployer: Client, site: Site) -> None:
    page = deployer.get("/?q=<b>nothing").text

    assert "No site matches" in page
    assert "“&lt;b&gt;nothing”" in page


def test_a_state_that_does_not_exist_narrows_nothing(deployer: Client, site: Site) -> None:
    assert f"/sites/{site.host}/" in deployer.get("/?state=zzz").text


def test_a_hold_on_everything_is_told_on_top_with_a_way_out(deployer: Client, site: Site) -> None:
    hold = Hold.objects.create(reason="Moving house", placed_by_name="ada", placed_at=timezone.now())

    page = deployer.get("/").text

    assert "Moving house" in page
    assert page.count(f"/holds/{hold.pk}/lift") == 1


def test_a_sync_that_never_ran_is_a_warning(deployer: Client, site: Site) -> None:
    assert "Nothing was synced yet." in deployer.get("/").text


def test_a_good_sync_is_no_warning(deployer: Client, site: Site, synced: SyncRun) -> None:
    page = deployer.get("/").text

    assert "just now" in page
    assert "banner warn" not in page


def test_a_fragment_is_not_sent_again_while_nothing_changes(
    deployer: Client, site: Site, synced: SyncRun
) -> None:
    first = deployer.get("/", headers=LIVE)

    second = deployer.get("/", headers=LIVE | {"If-None-Match": first["ETag"]})

    assert first.status_code == 200
    assert "<html" not in first.text
    assert second.status_code == 304
    assert second.content == b""
    assert not second.templates, "rendered only to be thrown away"


def test_a_fragment_is_sent_once_something_has_changed(deployer: Client, site: Site, synced: SyncRun) -> None:
    first = deployer.get("/", headers=LIVE)
    Site.objects.get().observation.__class__.objects.update(check_state="failure")

    second = deployer.get("/", headers=LIVE | {"If-None-Match": first["ETag"]})

    assert second.status_code == 200
    assert "CI red" in second.text


def test_the_page_knows_the_version_of_its_own_fragment(
    deployer: Client, site: Site, synced: SyncRun
) -> None:
    page = deployer.get("/").text
    version = re.search(r'data-version="(\w+)"', page)

    assert version
    assert deployer.get("/", headers=LIVE | {"If-None-Match": f'"{version[1]}"'}).status_code == 304


def test_the_list_makes_four_statements_for_34_sites(
    deployer: Client, make_site: MakeSite, synced: SyncRun, django_assert_num_queries: object
) -> None:
    for number in range(34):
        make_site(f"site-{number}.example.com")

    with django_assert_num_queries(4):  # type: ignore[operator]
        deployer.get("/")


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
