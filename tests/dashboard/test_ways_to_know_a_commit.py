"""What a site's pages say by release, and where its mapping names paths."""

import re

from django.test import Client

from deployments.models import CommitRange, Site
from deployments.rules.paths import key_of
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite

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
