"""Rolling back, and restarting, by tap."""

import re
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from deployments.models import CommitRange, Deploy, Hold, Kind, Observation, Site, Status
from deployments.rules.wording import short
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite
from tests.dashboard.test_deploy import make_deploy

URL = f"/sites/{HOST}/rollback"
OLDER = "c" * 40


@pytest.fixture
def older(site: Site) -> Deploy:
    """An older commit has succeeded, and then the one that runs."""
    now = timezone.now()
    done = {"status": Status.SUCCEEDED, "finished_at": now, "patched_at": now, "image_seen_at": now}
    repository = site.expected_repository
    first = make_deploy(site, sha=OLDER, headline="Older", image=f"{repository}:{OLDER}", from_sha="", **done)
    make_deploy(site, sha=RUNNING, image=f"{repository}:{RUNNING}", from_sha=OLDER, **done)
    return first


def add_workload(site: Site, kind: str, name: str) -> None:
    site.workloads.create(kind=kind, namespace="default", name=name, position=1)


def deploy_over(site: Site, before: str, *, sha: str, status: Status, **values: object) -> Deploy:
    """One that has ended, and replaced the commit `before`."""
    now, repository = timezone.now(), site.expected_repository
    images = {"image": f"{repository}:{sha}", "from_image": f"{repository}:{before}"}
    times = {"queued_at": now, "patched_at": now, "finished_at": now}
    return make_deploy(site, sha=sha, from_sha=before, status=status, **images, **times, **values)


def fail(site: Site) -> Deploy:
    """The first Deploy has failed, and the sync that follows has not looked yet."""
    Observation.objects.update(desired_sha=HEAD, desired_image=f"{site.expected_repository}:{HEAD}")
    return deploy_over(site, RUNNING, sha=HEAD, status=Status.FAILED)


def rolling_out(site: Site) -> Deploy:
    return make_deploy(
        site, status=Status.ROLLING_OUT, patched_at=timezone.now(), image=f"{site.expected_repository}:{HEAD}"
    )


@pytest.mark.parametrize("url", [f"/sites/{HOST}/", URL])
def test_the_ways_back_are_listed_with_their_headlines(deployer: Client, older: Deploy, url: str) -> None:
    page = deployer.get(url).text

    assert "Older" in page
    assert f'href="{URL}?sha={OLDER}"' in page
    assert "image available" in page


def test_what_ran_before_the_first_deploy_is_a_way_back(deployer: Client, site: Site) -> None:
    deploy_over(site, OLDER, sha=RUNNING, status=Status.SUCCEEDED)

    page = deployer.get(URL).text

    assert "Running before Headway" in page
    assert f'href="{URL}?sha={OLDER}"' in page


def test_what_ran_before_is_a_way_back_where_the_first_deploy_fails(deployer: Client, site: Site) -> None:
    fail(site)

    page = deployer.get(URL).text

    assert f'href="{URL}?sha={RUNNING}"' in page


@pytest.mark.parametrize("pods_run", [HEAD, "", RUNNING])
@pytest.mark.parametrize("where", ["roll-back", "retry", "restart", "deploy"])
def test_a_page_opened_before_the_sync_that_follows_a_failure_is_not_stale(
    deployer: Client, site: Site, where: str, pods_run: str
) -> None:
    failed = fail(site)
    opened, posted = {
        "roll-back": (f"{URL}?sha={RUNNING}", URL),
        "retry": (f"/deploys/{failed.pk}/", f"/deploys/{failed.pk}/retry"),
        "restart": (f"/sites/{HOST}/restart", f"/sites/{HOST}/restart"),
        "deploy": (f"/sites/{HOST}/deploy?sha={HEAD}", f"/sites/{HOST}/deploy"),
    }[where]
    seen = re.search(r'name="seen"\s+value="(\w*)"', deployer.get(opened).text)
    assert seen
    Observation.objects.update(running_sha=pods_run)

    sha = RUNNING if where == "roll-back" else HEAD
    deployer.post(posted, {"sha": sha, "seen": seen[1], "key": str(uuid4())})

    assert Deploy.objects.count() == 2


def test_a_page_opened_before_another_deploy_that_failed_is_stale(deployer: Client, site: Site) -> None:
    page = deployer.get(f"/sites/{HOST}/restart").text
    seen = re.search(r'name="seen"\s+value="(\w*)"', page)
    assert seen
    fail(site)

    response = deployer.post(f"/sites/{HOST}/restart", {"seen": seen[1], "key": str(uuid4())}, follow=True)

    assert f"The deployed commit changed from {short(RUNNING)} to {short(HEAD)}" in response.text


def test_what_ran_before_has_no_button_where_its_image_is_gone(deployer: Client, site: Site) -> None:
    deploy_over(site, OLDER, sha=RUNNING, status=Status.SUCCEEDED, from_image_gone=True)

    page = deployer.get(URL).text

    assert "the registry no longer has its image" in page
    assert f'href="{URL}?sha={OLDER}"' not in page


def test_an_image_of_another_app_that_ran_before_is_no_way_back(deployer: Client, site: Site) -> None:
    now = timezone.now()
    make_deploy(
        site,
        sha=RUNNING,
        from_sha=OLDER,
        from_image=f"registry.example.com/other:{OLDER}",
        status=Status.SUCCEEDED,
        finished_at=now,
        patched_at=now,
    )

    assert "No earlier commit to roll back to" in deployer.get(URL).text


def test_a_commit_whose_image_is_gone_has_no_button(deployer: Client, older: Deploy) -> None:
    Deploy.objects.filter(pk=older.pk).update(image_gone=True)

    page = deployer.get(URL).text

    assert "the registry no longer has its image" in page
    assert f"?sha={OLDER}" not in page


def test_the_question_says_what_is_held(deployer: Client, older: Deploy) -> None:
    page = deployer.get(f"{URL}?sha={OLDER}").text

    assert (
        f"{RUNNING[:7]} is put on hold, so that it is not deployed again automatically. "
        "Newer commits can still be deployed."
    ) in page
    assert f'name="sha" value="{OLDER}"' in page


def test_the_questions_name_what_is_changed_and_the_commits_words(
    deployer: Client, site: Site, older: Deploy
) -> None:
    add_workload(site, "CronJob", "tick")
    Deploy.objects.filter(sha=RUNNING).update(headline="What runs")

    back = deployer.get(f"{URL}?sha={OLDER}").text
    restart = deployer.get(f"/sites/{HOST}/restart").text
    abort = deployer.get(f"/deploys/{rolling_out(site).pk}/abort").text

    assert f"2 workloads get {OLDER[:7]}: Deployment cron, CronJob tick." in back
    assert "Older" in back
    assert "What runs" in back
    assert "Deployment cron: Every pod is replaced" in restart
    assert "CronJob tick: A CronJob has no pods to restart." in restart
    assert "What runs" in restart
    assert f"2 workloads get {RUNNING[:7]}: Deployment cron, CronJob tick." in abort
    assert "What runs" in abort


def test_cron_jobs_alone_have_no_button_to_restart(deployer: Client, site: Site) -> None:
    site.workloads.update(kind="CronJob")

    page = deployer.get(f"/sites/{HOST}/restart").text

    assert "Nothing to restart" in page
    assert 'class="act risk"' not in page


def test_the_page_of_a_restart_speaks_of_no_new_image(deployer: Client, site: Site) -> None:
    add_workload(site, "CronJob", "tick")
    deploy = make_deploy(
        site, kind=Kind.RESTART, status=Status.ROLLING_OUT, patched_at=timezone.now(), headline="What runs"
    )
    deploy.steps.create(position=0, kind="Deployment", name="cron", patched_at=timezone.now())

    page = deployer.get(f"/deploys/{deploy.pk}/").text

    assert "What runs" in page
    assert "new image" not in page
    assert "<dt>From</dt>" not in page


@pytest.mark.parametrize("began", [True, False])
def test_an_abort_warns_of_a_release_job_only_where_it_may_have_run(
    deployer: Client, site: Site, *, began: bool
) -> None:
    Site.objects.update(release_job="upgrade")
    deploy = rolling_out(site)
    Deploy.objects.filter(pk=deploy.pk).update(release_started_at=timezone.now() if began else None)

    page = deployer.get(f"/deploys/{deploy.pk}/abort").text

    assert ("A rollback does not undo what release job upgrade did" in page) is began


@pytest.mark.parametrize(("job", "says_so"), [("cron-upgrade", True), ("", False)])
def test_the_question_says_that_a_release_job_is_not_undone(
    deployer: Client, older: Deploy, job: str, *, says_so: bool
) -> None:
    Site.objects.update(release_job=job)

    page = deployer.get(f"{URL}?sha={OLDER}").text

    assert (f"A rollback does not undo what release job {job} did" in page) is says_so


def test_rolling_back_asks_for_it_and_holds_what_is_left(deployer: Client, older: Deploy) -> None:
    response = deployer.post(URL, {"sha": OLDER, "seen": RUNNING, "key": str(uuid4())})

    deploy = Deploy.objects.first()
    assert response["Location"] == f"/deploys/{deploy.pk}/"
    assert (deploy.kind, deploy.sha, Hold.objects.get().sha) == (Kind.ROLLBACK, OLDER, RUNNING)


def test_a_stale_page_is_refused(deployer: Client, older: Deploy) -> None:
    response = deployer.post(URL, {"sha": OLDER, "seen": HEAD}, follow=True)

    assert "The deployed commit changed" in response.text
    assert not Hold.objects.exists()


def test_a_registry_is_asked_by_the_worker_alone(deployer: Client, site: Site) -> None:
    deployer.post(f"/sites/{HOST}/images")

    assert [task.func() for task in OrmQ.objects.all()] == ["deployments.tasks.check_rollback_images"]


def test_restarting_asks_first_and_then_does_it(deployer: Client, site: Site) -> None:
    page = deployer.get(f"/sites/{HOST}/restart").text
    assert "Every pod is replaced" in page
    assert "<dt>From</dt>" not in page, "From a commit to the same one is no change to show."

    deployer.post(f"/sites/{HOST}/restart", {"seen": RUNNING})

    assert (Deploy.objects.get().kind, Deploy.objects.get().sha) == (Kind.RESTART, RUNNING)


@pytest.mark.parametrize("page", ["restart", f"rollback?sha={OLDER}"])
def test_what_runs_is_named_by_its_words_where_no_deploy_from_here_knows_them(
    deployer: Client, site: Site, page: str
) -> None:
    CommitRange.objects.create(
        owner="icco",
        repository="cron",
        base=RUNNING,
        head=HEAD,
        total=0,
        commits=[],
        base_headline="Ran <before>",
    )

    assert "Ran &lt;before&gt;" in deployer.get(f"/sites/{HOST}/{page}").text


def test_a_rollout_can_be_aborted(deployer: Client, site: Site) -> None:
    deploy = rolling_out(site)
    assert f"/deploys/{deploy.pk}/abort" in deployer.get(f"/deploys/{deploy.pk}/").text
    assert "is restored right away" in deployer.get(f"/deploys/{deploy.pk}/abort").text

    deployer.post(f"/deploys/{deploy.pk}/abort")

    deploy.refresh_from_db()
    assert deploy.status == Status.CANCELLED
    assert (Deploy.objects.first().kind, Deploy.objects.first().sha) == (Kind.ROLLBACK, RUNNING)


def test_a_rollback_is_not_offered_to_be_rolled_back(deployer: Client, site: Site) -> None:
    deploy = rolling_out(site)
    Deploy.objects.update(kind=Kind.ROLLBACK, cause="The deploy of abc1234 failed.")

    page = deployer.get(f"/deploys/{deploy.pk}/").text

    assert "/abort" not in page
    assert "The deploy of abc1234 failed." in page


def test_a_failed_deploy_can_be_tried_again(deployer: Client, site: Site) -> None:
    now = timezone.now()
    failed = make_deploy(site, status=Status.FAILED, finished_at=now, patched_at=now)
    Observation.objects.update(desired_sha=HEAD)
    page = deployer.get(f"/deploys/{failed.pk}/").text
    assert f'action="/deploys/{failed.pk}/retry"' in page
    assert f'href="{URL}?sha={RUNNING}"' in page

    response = deployer.post(f"/deploys/{failed.pk}/retry", {"seen": HEAD})

    assert response["Location"] == f"/deploys/{Deploy.objects.first().pk}/"
    assert Deploy.objects.filter(sha=HEAD).count() == 2


def test_a_double_tap_on_retry_is_one_deploy(deployer: Client, site: Site) -> None:
    failed = make_deploy(site, status=Status.FAILED, finished_at=timezone.now())
    form = {"seen": RUNNING, "key": str(uuid4())}

    first, second = (deployer.post(f"/deploys/{failed.pk}/retry", form) for _ in range(2))

    assert first["Location"] == second["Location"]
    assert Deploy.objects.count() == 2


@pytest.mark.parametrize("path", ["rollback", "images", "restart", "adopt"])
def test_a_viewer_cannot_change_a_site(viewer: Client, site: Site, path: str) -> None:
    assert viewer.post(f"/sites/{HOST}/{path}", {"sha": OLDER, "seen": RUNNING}).status_code == 403
    assert not Deploy.objects.exists()
    assert f"/sites/{HOST}/{path}" not in viewer.get(f"/sites/{HOST}/").text


@pytest.mark.parametrize("path", ["abort", "retry"])
def test_a_viewer_cannot_touch_a_deploy(viewer: Client, site: Site, path: str) -> None:
    deploy = rolling_out(site)

    assert viewer.post(f"/deploys/{deploy.pk}/{path}").status_code == 403
    assert f"/{path}" not in viewer.get(f"/deploys/{deploy.pk}/").text
    assert Deploy.objects.count() == 1


@pytest.mark.parametrize(
    "path", ["/deploys/999/abort", "/deploys/999/retry", "/sites/no.example.com/rollback"]
)
def test_what_is_not_there_is_404(deployer: Client, path: str) -> None:
    assert deployer.post(path, {"sha": OLDER}).status_code == 404


def test_a_drifted_row_leads_to_who_did_it(viewer: Client, make_site: MakeSite) -> None:
    make_site(desired_image="gcr.io/icco-cloud/other:" + HEAD, desired_sha="", desired_by="kubectl-edit")

    assert f'href="/sites/{HOST}/drift"' in viewer.get("/").text
    page = viewer.get(f"/sites/{HOST}/drift").text
    assert "kubectl-edit" in page
    assert f"/sites/{HOST}/deploy" not in page


def test_another_apps_image_is_replaced_by_who_says_so(admin_client: Client, make_site: MakeSite) -> None:
    foreign = "gcr.io/icco-cloud/other:" + HEAD
    make_site(desired_image=foreign, desired_sha="", running_sha="")
    assert f'value="{foreign}"' in admin_client.get(f"/sites/{HOST}/drift").text
    form = {"sha": HEAD, "seen": ""}

    admin_client.post(f"/sites/{HOST}/deploy", form)
    assert not Deploy.objects.exists()
    admin_client.post(f"/sites/{HOST}/deploy", form | {"accept_foreign_image": foreign})

    assert Deploy.objects.get().accepts_image == foreign


def test_staff_gets_a_template_suggested(admin_client: Client, make_site: MakeSite) -> None:
    make_site(desired_image="registry.example.com/apps/cron:v-" + "b" * 7, desired_sha="")

    page = admin_client.get(f"/sites/{HOST}/drift").text
    form = admin_client.get(
        f"/sites/{HOST}/edit?image_template=registry.example.com/apps/{{repository}}:v-{{short_sha}}"
    ).text

    assert "registry.example.com/apps/{repository}:v-{short_sha}" in page
    assert 'value="registry.example.com/apps/{repository}:v-{short_sha}"' in form


def test_staff_gets_the_label_suggested_where_the_tag_moves(
    admin_client: Client, make_site: MakeSite
) -> None:
    make_site(desired_image="registry.example.com/apps/cron:main", desired_sha="", running_sha="")

    page = admin_client.get(f"/sites/{HOST}/drift").text
    address = (
        "?commit_source=label&moving_tag=main&image_template=registry.example.com/apps/{repository}:{sha}"
    )
    form = admin_client.get(f"/sites/{HOST}/edit{address}").text

    assert "The tag <code>main</code> names no commit" in page
    assert "commit_source=label&amp;moving_tag=main" in page
    assert '<option value="label" selected>' in form
    assert 'name="moving_tag" value="main"' in form


def test_adopting_from_the_page(deployer: Client, make_site: MakeSite, person: User) -> None:
    site = make_site(desired_by="ci", accepted_image=f"gcr.io/icco-cloud/cron:{OLDER}")
    image = f"{site.expected_repository}:{RUNNING}"
    assert "Adopt" in deployer.get(f"/sites/{HOST}/drift").text

    deployer.post(f"/sites/{HOST}/adopt", {"image": image})

    assert (Deploy.objects.get().sha, Deploy.objects.get().requested_by) == (RUNNING, person)
