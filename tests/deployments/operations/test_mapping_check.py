"""What a worker answers about a mapping that was saved: a sentence for each field, and for each workload."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.clients.github import GitHub
from deployments.models import MappedWorkload, MappingCheck, Site
from deployments.operations.doctor.findings import Finding, Grade
from deployments.operations.doctor.mapping import check_mapping, examine_mapping
from deployments.operations.doctor.request import request_mapping_check
from simulators.registry import Says, labels_of
from tests.factories import NOW
from tests.roles import WEB, WORKER, acting_as


@pytest.fixture
def site(sites: dict[str, Site]) -> Site:
    return next(iter(sites.values()))


def prefixes(world: World) -> list[str]:
    return [world.image_template.partition("{")[0]]


def check(site: Site, clients: Clients, world: World) -> list[Finding]:
    fresh = Site.objects.with_workloads().get(pk=site.pk)
    return examine_mapping(fresh, clients=clients, image_prefixes=prefixes(world))


def problems(found: list[Finding]) -> dict[str, str]:
    return {each.subject: each.message for each in found if each.grade is not Grade.GOOD}


def place(site: Site) -> str:
    return site.references[0].place


def test_a_mapping_that_is_right_has_a_good_sentence_for_each_part(
    site: Site, clients: Clients, world: World
) -> None:
    found = check(site, clients, world)

    assert [each.subject for each in found] == ["repository", "branch", "image_template", place(site)]
    assert problems(found) == {}


def test_a_repository_that_is_not_there_is_said_once_beside_it(
    site: Site, clients: Clients, world: World
) -> None:
    Site.objects.filter(pk=site.pk).update(repository="no-such-repository", branch="trunk")

    found = problems(check(site, clients, world))

    assert "no-such-repository" in found["repository"]
    assert "branch" not in found


def test_a_branch_that_is_not_there_is_said_beside_the_branch(
    site: Site, clients: Clients, world: World
) -> None:
    Site.objects.filter(pk=site.pk).update(branch="trunk")

    found = check(site, clients, world)

    assert "has no branch “trunk”" in problems(found)["branch"]
    assert next(each for each in found if each.subject == "repository").grade is Grade.GOOD


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "no-such-thing"}, "There is no Deployment no-such-thing in namespace default."),
        ({"containers": ["nope"]}, "has no container named nope"),
        ({"namespace": "elsewhere"}, "elsewhere"),
    ],
)
def test_what_is_wrong_with_a_workload_is_said_beside_it(
    site: Site, clients: Clients, world: World, changed: dict[str, object], message: str
) -> None:
    MappedWorkload.objects.filter(site=site).update(**changed)

    found = check(site, clients, world)

    wrong = [each for each in found if each.grade is Grade.BAD]
    row = MappedWorkload.objects.get(site=site).reference.place
    assert {each.subject for each in wrong} == {row}
    assert any(message in each.message for each in wrong)


def test_another_app_s_workload_is_said_to_run_another_image(
    sites: dict[str, Site], clients: Clients, world: World
) -> None:
    site, other = list(sites.values())[:2]
    theirs = other.references[0].name
    other.workloads.all().delete()
    MappedWorkload.objects.filter(site=site).update(name=theirs, containers=[])

    found = problems(check(site, clients, world))

    assert "which is not an image of" in found[f"Deployment {theirs} in namespace {NAMESPACE}"]


def test_the_right_that_a_kind_lacks_is_named_beside_its_rows_and_no_others(
    site: Site, clients: Clients, world: World
) -> None:
    MappedWorkload.objects.create(
        site=site, kind="StatefulSet", namespace=NAMESPACE, name="store", position=1, containers=[]
    )

    found = check(site, clients, world)

    rows = {each.subject for each in found if "The worker may not" in each.message}
    assert rows == {f"StatefulSet store in namespace {NAMESPACE}"}
    assert any("patch statefulsets" in each.message for each in found)


def test_an_image_that_is_not_built_is_a_warning(site: Site, clients: Clients, world: World) -> None:
    world.commit(site.host, "Not built yet", built=False)

    (finding,) = [each for each in check(site, clients, world) if each.subject == "image_template"]

    assert finding.grade is Grade.WARNING
    assert "The registry has no " in finding.message


@pytest.mark.parametrize("template", ["127.0.0.1:1/elsewhere/{repository}:{sha}", "{repository}"])
def test_a_template_that_leads_elsewhere_is_said_beside_it(
    site: Site, clients: Clients, world: World, template: str
) -> None:
    Site.objects.filter(pk=site.pk).update(image_template=template)

    assert "image_template" in problems(check(site, clients, world))


@pytest.mark.by_label
def test_a_moving_tag_is_asked_about_and_its_label_must_name_a_commit(
    site: Site, clients: Clients, world: World
) -> None:
    Site.objects.filter(pk=site.pk).update(commit_source="label", moving_tag="nightly")
    missing = problems(check(site, clients, world))["moving_tag"]
    Site.objects.filter(pk=site.pk).update(moving_tag="")
    there = problems(check(site, clients, world))
    world.build(site.host, world.repository(site.host).head, says=Says({}))

    unlabelled = problems(check(site, clients, world))["moving_tag"]

    assert ":nightly" in missing
    assert "moving_tag" not in there
    assert "has no label that names its commit" in unlabelled


@pytest.mark.by_label
@pytest.mark.parametrize(
    ("label", "reason"),
    [
        (("a" * 40, "https://github.com/library/python"), "built from library/python"),
        ((f"{'a' * 40}-dirty", ""), "changes that no commit has"),
        (("v1.4.2", ""), "not a commit"),
    ],
)
def test_a_label_that_does_not_count_is_said_beside_the_moving_tag(
    site: Site, clients: Clients, world: World, label: tuple[str, str], reason: str
) -> None:
    Site.objects.filter(pk=site.pk).update(commit_source="label", moving_tag="nightly")
    world.registry.push(world.path(site.host), "nightly", says=Says(labels_of(*label)))

    found = problems(check(site, clients, world))

    assert reason in found["moving_tag"]


@pytest.mark.every_kind
def test_a_release_job_that_is_not_there_is_said_beside_it(
    site: Site, clients: Clients, world: World
) -> None:
    Site.objects.filter(pk=site.pk).update(release_job="migrate")

    found = problems(check(site, clients, world))

    assert found["release_job"] == f"There is no CronJob migrate in namespace {NAMESPACE}."


def test_github_that_does_not_answer_hides_nothing_of_the_cluster(
    site: Site, clients: Clients, world: World
) -> None:
    with GitHub(token="t", api_url="http://127.0.0.1:9", timeout_seconds=1) as silent:
        clients.github = silent

        found = check(site, clients, world)

    assert set(problems(found)) == {"repository"}
    assert next(each for each in found if each.subject == place(site)).grade is Grade.GOOD


def test_what_was_found_is_kept_for_the_form_by_the_roles_of_web_and_worker(
    site: Site, clients: Clients, world: World
) -> None:
    with acting_as(WEB):
        request_mapping_check(site=site, now=NOW)

    with acting_as(WORKER):
        check_mapping(site_id=site.pk, clients=clients, image_prefixes=prefixes(world), now=NOW)

    kept = MappingCheck.objects.get(site=site)
    assert kept.answered_at == NOW
    assert [each["subject"] for each in kept.findings][:2] == ["repository", "branch"]


def test_an_answer_to_an_earlier_question_does_not_count(site: Site) -> None:
    MappingCheck.ask(site.pk, now=NOW)
    earlier = MappingCheck.objects.get()
    MappingCheck.ask(site.pk, now=NOW + timedelta(seconds=1))

    kept = earlier.answer([], now=NOW + timedelta(seconds=2))

    assert not kept
    assert MappingCheck.objects.get().answered_at is None


def forget_the_question(_: Site) -> None:
    MappingCheck.objects.all().delete()


@pytest.mark.parametrize("end", [Site.delete, forget_the_question])
def test_a_mapping_that_is_deleted_meanwhile_is_not_checked(
    site: Site, clients: Clients, world: World, end: Callable[[Site], object]
) -> None:
    request_mapping_check(site=site, now=NOW)
    key = site.pk
    end(site)

    check_mapping(site_id=key, clients=clients, image_prefixes=prefixes(world), now=NOW)

    assert not MappingCheck.objects.exists()
