"""What a site's pages say by release, and where its mapping names paths."""

import re

import pytest
from django.test import Client
from django_q.models import OrmQ

from deployments.models import CommitRange, Deploy, Site
from deployments.rules.paths import key_of
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite

BUILT = "e" * 40
PATHS = "services/api/**, go.mod"


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page).split())


def by_release(make_site: MakeSite) -> None:
    site = make_site(head_version="v1.5.0", running_version="v1.4.2")
    Site.objects.filter(pk=site.pk).update(
        commit_source="release", tag_pattern="v*", image_template="gcr.io/icco-cloud/cron:{version}"
    )


def test_versions_are_shown_with_their_commits(deployer: Client, make_site: MakeSite) -> None:
    by_release(make_site)

    page = words(deployer.get(f"/sites/{HOST}/").text)

    assert f"Runsv1.4.2 {RUNNING[:7]}" in page
    assert f"Newestv1.5.0 {HEAD[:7]}" in page
    assert f"v1.5.0 ({HEAD[:7]}) is ready to deploy" in page
    assert "icco/cron, tags v*" in page


def test_a_deploy_and_its_dialog_name_the_version(deployer: Client, make_site: MakeSite) -> None:
    by_release(make_site)
    dialog = words(deployer.get(f"/sites/{HOST}/deploy").text)

    deployer.post(f"/sites/{HOST}/deploy", {"sha": HEAD, "seen": RUNNING})
    history = words(deployer.get(f"/sites/{HOST}/").text)

    assert f"Will run v1.5.0 {HEAD[:7]}" in dialog
    assert f"1.5.0 {HEAD[:7]} Fix cron" in history


def test_commits_that_touch_other_paths_are_distinguished(deployer: Client, make_site: MakeSite) -> None:
    other = "c" * 40
    site = make_site(behind_by=2)
    key = key_of(running=RUNNING, head=HEAD, paths=PATHS)
    Site.objects.filter(pk=site.pk).update(paths=PATHS)
    site.observation.left_out = {"of": key, "shas": [other]}
    site.observation.save()
    common = {"author": "Ada", "committed_at": None, "url": ""}
    commits = [{"sha": HEAD, "headline": "Ours", **common}, {"sha": other, "headline": "Theirs", **common}]
    CommitRange.objects.create(
        owner="icco", repository="cron", base=RUNNING, head=HEAD, total=2, commits=commits
    )

    page = words(deployer.get(f"/sites/{HOST}/").text)

    assert "1 commit behind. 1 newer commit touches none of its paths." in page
    assert f"1 of 2 commits touches none of this site's paths, {PATHS}, and is not counted as behind." in page
    assert f"{other[:7]} · other paths" in page
    assert f"{HEAD[:7]} · other paths" not in page


def test_a_version_that_is_ready_below_the_newest_is_named(deployer: Client, make_site: MakeSite) -> None:
    built = {"built_sha": BUILT, "built_version": "v1.4.3", "built_from_sha": RUNNING}
    site = make_site(
        head_version="v1.5.0", running_version="v1.4.2", head_image_built=False, behind_by=3, **built
    )
    Site.objects.filter(pk=site.pk).update(
        commit_source="release", image_template="gcr.io/icco-cloud/cron:{version}"
    )

    page = words(deployer.get(f"/sites/{HOST}/").text)
    dialog = words(deployer.get(f"/sites/{HOST}/deploy").text)

    newest = f"the newest, v1.5.0 ({HEAD[:7]}), has no image"
    assert f"v1.4.3 ({BUILT[:7]}) is ready; {newest}." in page
    assert f"Ready: v1.4.3 {BUILT[:7]}" in page
    assert f"Will run v1.4.3 {BUILT[:7]}" in dialog


@pytest.fixture
def awaited(make_site: MakeSite) -> str:
    """A commit that touches the site's paths and has no image, below a newest commit that touches none."""
    left_out = {"of": key_of(running=RUNNING, head=HEAD, paths=PATHS), "shas": [HEAD], "newest": BUILT}
    site = make_site(behind_by=2, head_image_built=False, left_out=left_out, awaited_check_state="pending")
    Site.objects.filter(pk=site.pk).update(paths=PATHS)
    common = {"author": "Ada", "committed_at": None, "url": ""}
    newest = {"sha": HEAD, "headline": "Theirs", "parents": [BUILT], **common}
    own = {"sha": BUILT, "headline": "Ours", "parents": [RUNNING], **common}
    CommitRange.objects.create(
        owner="icco", repository="cron", base=RUNNING, head=HEAD, total=2, commits=[newest, own]
    )
    return BUILT


def test_deploy_when_ready_is_about_the_newest_commit_that_touches_its_paths(
    deployer: Client, awaited: str
) -> None:
    page, row = deployer.get(f"/sites/{HOST}/").text, deployer.get("/").text
    dialog = deployer.get(f"/sites/{HOST}/deploy").text

    address = f"/sites/{HOST}/deploy?sha={awaited}"
    assert f"The image of {awaited[:7]} is not built yet." in page
    assert (address in page, address in row) == (True, True)
    assert "Deploy when ready" in words(dialog)
    assert f"Will run {awaited[:7]}" in words(dialog)
    assert "Wait until CI has passed" in dialog


def test_it_may_be_waited_for_from_its_dialog(deployer: Client, awaited: str) -> None:
    deployer.post(
        f"/sites/{HOST}/deploy", {"sha": awaited, "seen": RUNNING, "when_ready": "on", "follow": "this"}
    )

    deploy = Deploy.objects.get()
    assert (deploy.sha, deploy.status, deploy.headline) == (awaited, "waiting", "Ours")


def attested(make_site: MakeSite, **attestation: str) -> Site:
    found = {
        "repository": "icco/cron",
        "workflow": ".github/workflows/build.yml",
        "commit": HEAD,
    } | attestation
    row = {
        "sha": HEAD,
        "digest": "sha256:" + "d" * 64,
        "first_asked_at": None,
        "attestation": found,
        "problem": "",
    }
    return make_site(provenance=row)


def test_the_dialog_says_who_built_the_image_and_whose_word_that_is(
    deployer: Client, make_site: MakeSite
) -> None:
    attested(make_site)

    page = words(deployer.get(f"/sites/{HOST}/deploy").text)

    assert f"Built by .github/workflows/build.yml of icco/cron from {HEAD[:7]}, as GitHub lists it." in page
    assert "erified" not in page


def test_the_sites_page_says_so_too(deployer: Client, make_site: MakeSite) -> None:
    attested(make_site)

    page = words(deployer.get(f"/sites/{HOST}/").text)

    assert (
        f"Image: Built by .github/workflows/build.yml of icco/cron from {HEAD[:7]}, as GitHub lists it."
        in page
    )
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize("page", [f"/sites/{HOST}/", f"/sites/{HOST}/deploy"])
def test_who_opens_a_page_has_a_worker_ask_what_is_not_known(
    deployer: Client, make_site: MakeSite, page: str
) -> None:
    site = make_site()

    deployer.get(page)
    deployer.get(page)

    (entry,) = OrmQ.objects.all()
    assert (entry.func(), entry.task["args"]) == ("deployments.tasks.check_provenance", [site.pk])


@pytest.mark.usefixtures("site")
def test_a_page_that_refreshes_itself_asks_nothing(deployer: Client) -> None:
    deployer.get(f"/sites/{HOST}/", headers={"HX-Request": "true"})

    assert not OrmQ.objects.exists()


def test_the_dialog_warns_of_an_image_that_github_lists_as_another_commits(
    deployer: Client, make_site: MakeSite
) -> None:
    attested(make_site, commit="c" * 40)

    page = words(deployer.get(f"/sites/{HOST}/deploy").text)

    assert f"GitHub lists this image as built from ccccccc, not from {HEAD[:7]}." in page


def test_the_dialog_says_nothing_of_an_attestation_that_nobody_requires(
    deployer: Client, make_site: MakeSite
) -> None:
    site = make_site()
    without = words(deployer.get(f"/sites/{HOST}/deploy").text)

    Site.objects.filter(pk=site.pk).update(requires_provenance=True)
    required = words(deployer.get(f"/sites/{HOST}/deploy").text)

    assert "attestation" not in without
    assert f"Whether GitHub lists an attestation for the image of {HEAD[:7]} is not known yet." in required
