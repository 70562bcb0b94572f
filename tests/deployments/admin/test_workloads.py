"""The workloads of a mapping's form: rows that come and go, and what the last check found of each."""

from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from deployments.facts import workloads_as_json
from deployments.models import AuditEvent, MappedWorkload, Observation, Site
from deployments.rules.site_workloads import WorkloadSeen
from deployments.rules.targets import format_references, parse_references
from tests.deployments.admin.test_site_form import ADD, FILLED_IN
from tests.factories import create_site

MAPPED = "Deployment apps/web; CronJob apps/tick [tick]"


@pytest.fixture
def site() -> Site:
    """Web and its clock, of which nothing has been seen."""
    return create_site(
        name="shop",
        owner="icco",
        repository="shop",
        release_job="migrate",
        workloads=parse_references(MAPPED),
    )


def page_of(site: Site) -> str:
    return f"/admin/deployments/site/{site.pk}/change/"


def row(number: int, reference: str, **changed: object) -> dict[str, object]:
    """One row of the form as a browser sends it."""
    (each,) = parse_references(reference)
    filled_in = {
        "kind": each.kind.value,
        "namespace": each.namespace,
        "name": each.name,
        "containers": ",".join(each.containers),
        "position": number,
    }
    return {f"workloads-{number}-{name}": value for name, value in (filled_in | changed).items()}


def form_of(site: Site, *added: dict[str, object], **changed: object) -> dict[str, object]:
    """The form with the site's workloads as they are, and rows added below."""
    present = list(site.workloads.all())
    sent: dict[str, object] = FILLED_IN | {
        "name": site.name,
        "host": site.host,
        "repository": site.repository,
        "release_job": site.release_job,
        "workloads-TOTAL_FORMS": len(present) + len(added),
        "workloads-INITIAL_FORMS": len(present),
    }
    for number, each in enumerate(present):
        keys = {"id": each.pk, "site": site.pk}
        sent |= row(number, format_references([each.reference]), **keys)
    for each in added:
        sent |= each
    return sent | changed


def see(site: Site, *workloads: WorkloadSeen, **values: object) -> None:
    seen = workloads_as_json(workloads)
    observed: dict[str, object] = {"workloads": seen, "cluster_observed_at": timezone.now()}
    Observation.objects.update_or_create(site=site, defaults=observed | values)


def shown(client: Client, site: Site) -> str:
    return unescape(client.get(page_of(site)).content.decode())


def test_rows_are_added_changed_and_removed_by_one_form(owner: Client, site: Site) -> None:
    sent = form_of(
        site,
        row(2, "StatefulSet apps/store [main, migrate]"),
        **{"workloads-0-name": "web-2", "workloads-1-DELETE": "on"},
    )

    answer = owner.post(page_of(site), sent)

    assert answer.status_code == 302
    wanted = "Deployment apps/web-2; StatefulSet apps/store [main, migrate]"
    assert format_references(Site.objects.get().references) == wanted
    assert AuditEvent.objects.get(kind=AuditEvent.Kind.MAPPING).message == f"Workloads: {MAPPED} → {wanted}."


def test_workloads_that_stay_keep_their_rows_so_that_a_second_tab_can_still_be_saved(
    owner: Client, site: Site
) -> None:
    second_tab = form_of(site, **{"workloads-0-containers": "main"})
    owner.post(page_of(site), form_of(site, row(2, "DaemonSet apps/agent")))

    answer = owner.post(page_of(site), second_tab)

    assert answer.status_code == 302
    assert "Deployment apps/web [main]" in format_references(Site.objects.get().references)


def test_a_row_that_was_removed_elsewhere_is_refused_in_words(owner: Client, site: Site) -> None:
    second_tab = form_of(site, **{"workloads-1-containers": "clock"})
    owner.post(page_of(site), form_of(site, **{"workloads-1-DELETE": "on"}))

    page = unescape(owner.post(page_of(site), second_tab).content.decode())

    assert "Someone else changed this mapping and removed one of these workloads." in page


def test_rows_are_sorted_by_their_positions(owner: Client, site: Site) -> None:
    owner.post(page_of(site), form_of(site, **{"workloads-0-position": "5"}))

    assert format_references(Site.objects.get().references) == "CronJob apps/tick [tick]; Deployment apps/web"


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        ({"workloads-2-name": "No Name"}, "workloads-2-name"),
        ({"workloads-2-containers": "main, Not A Name"}, "workloads-2-containers"),
        ({"owner": "not an owner"}, "id_owner"),
        ({"release_job": "Not a name"}, "id_release_job"),
    ],
)
def test_refused_input_keeps_every_row_and_says_where(
    owner: Client, site: Site, refused: dict[str, str], message: str
) -> None:
    added = row(2, "StatefulSet apps/store [main, migrate]")
    sent = form_of(site, added, **{"workloads-0-name": "web-2", "workloads-1-DELETE": "on"} | refused)

    page = unescape(owner.post(page_of(site), sent).content.decode())

    typed = [str(each) for name, each in (sent | refused).items() if name.startswith("workloads-2-")]
    assert [each for each in (*typed, "web-2") if each not in page] == []
    assert 'name="workloads-1-DELETE" id="id_workloads-1-DELETE" checked' in page
    assert f'{message}_error"' in page.replace("id_workloads", "workloads")
    assert format_references(Site.objects.get().references) == MAPPED


def test_a_mapping_without_any_workload_is_refused(owner: Client, site: Site) -> None:
    sent = form_of(site, **{"workloads-0-DELETE": "on", "workloads-1-DELETE": "on"})

    page = unescape(owner.post(page_of(site), sent).content.decode())

    assert "Name at least one workload" in page
    assert site.workloads.count() == 2


def test_one_workload_twice_is_refused(owner: Client, site: Site) -> None:
    page = unescape(
        owner.post(page_of(site), form_of(site, row(2, "Deployment apps/web [main]"))).content.decode()
    )

    assert "duplicate" in page
    assert site.workloads.count() == 2


def test_who_may_change_mappings_may_change_their_workloads(client: Client, site: Site) -> None:
    editor = User.objects.create_user("ed", is_staff=True)
    editor.user_permissions.add(Permission.objects.get(codename="change_site"))
    client.force_login(editor)

    client.post(page_of(site), form_of(site, **{"workloads-0-name": "web-2"}))

    assert site.workloads.filter(name="web-2").exists()


def test_a_person_who_may_only_view_mappings_sees_their_workloads(client: Client, site: Site) -> None:
    viewer = User.objects.create_user("vi", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_site"))
    client.force_login(viewer)

    page = shown(client, site)
    answer = client.post(page_of(site), form_of(site, **{"workloads-0-name": "web-2"}))

    assert "web" in page
    assert 'name="workloads-0-name"' not in page
    assert answer.status_code == 403
    assert not MappedWorkload.objects.filter(name="web-2").exists()


def test_a_mapping_that_was_just_saved_says_that_it_is_not_checked_yet(owner: Client) -> None:
    owner.post(ADD, FILLED_IN)

    page = shown(owner, Site.objects.get())

    assert "data-pending" in page
    assert page.count("Not checked yet.") == 3


def test_what_the_last_check_found_is_beside_each_workload(owner: Client, site: Site) -> None:
    missing = "There is no CronJob tick in namespace apps. Correct the mapping."
    see(
        site,
        WorkloadSeen(
            kind="Deployment",
            namespace="apps",
            name="web",
            ready=1,
            wanted=2,
            containers={"main": "a" * 40, "migrate": "a" * 40, "cache": ""},
        ),
        WorkloadSeen(kind="CronJob", namespace="apps", name="tick", problem=missing),
        workload_missing=missing,
        github_problem="GitHub has no repository icco/shop.",
    )

    page = shown(owner, site)

    assert "main, migrate: aaaaaaa; cache: no known commit. 1 of 2 pods ready." in page
    assert page.count(missing) == 2
    assert "GitHub: GitHub has no repository icco/shop." in page
    assert "data-pending" not in page


def test_a_cluster_that_cannot_be_asked_is_reported_instead_of_waited_for(owner: Client, site: Site) -> None:
    see(site, workloads=None, cluster_problem="The cluster does not answer")

    page = shown(owner, site)

    assert "Cluster: The cluster does not answer." in page
    assert "data-pending" not in page


@pytest.mark.parametrize("changed", [{"workloads-0-name": "web-2"}, {"branch": "trunk"}])
def test_what_was_found_before_a_change_is_not_reported_after_it(
    owner: Client, site: Site, changed: dict[str, str]
) -> None:
    see(site, WorkloadSeen(kind="Deployment", namespace="apps", name="web", containers={"main": "a" * 40}))

    owner.post(page_of(site), form_of(site, **changed))

    assert "main: aaaaaaa" not in shown(owner, site)
    assert "data-pending" in shown(owner, site)


def test_what_was_found_outlasts_a_change_that_has_nothing_to_do_with_it(owner: Client, site: Site) -> None:
    see(site, WorkloadSeen(kind="Deployment", namespace="apps", name="web", containers={"main": "a" * 40}))

    owner.post(page_of(site), form_of(site, auto_deploy="on"))

    assert Site.objects.get().auto_deploy
    assert "main: aaaaaaa" in shown(owner, site)
