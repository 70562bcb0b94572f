"""The doctor, asked about a world in which one thing is wrong at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django_q.models import Task
from pytest_django.fixtures import Settings

from demo.world import NAMESPACE, World
from deployments.github import GitHub
from deployments.models import Examination, Site
from deployments.operations.doctor import Finding, Grade, examine, record_examination
from deployments.outside import Outside, from_settings
from tests.factories import NOW


@pytest.fixture(autouse=True)
def _alive(db: None) -> None:
    Task.objects.create(
        id="1", name="tick", func="deployments.tasks.tick", started=NOW, stopped=NOW, success=True
    )


def found(outside: Outside, subject: str) -> list[Finding]:
    """Return the lines about a subject."""
    return [each for each in examine(outside=outside, now=NOW) if each.subject.startswith(subject)]


def only(outside: Outside, subject: str) -> Finding:
    (finding,) = [each for each in found(outside, subject) if each.grade is not Grade.GOOD]
    assert finding.remedy
    return finding


def test_a_sound_world_has_a_good_line_for_each_part(outside: Outside) -> None:
    subjects = {each.subject for each in examine(outside=outside, now=NOW) if each.grade is Grade.GOOD}

    assert subjects >= {
        "Database", "Worker", "GitHub", "GitHub's budget", f"Rights in {NAMESPACE}", "Deployments", "Registry",
    }  # fmt: skip


def test_clocks_that_differ_are_told(outside: Outside) -> None:
    assert only(outside, "Clock").grade is Grade.BAD


def test_a_silent_worker_is_told(outside: Outside) -> None:
    Task.objects.update(stopped=NOW - timedelta(minutes=20))

    assert "20 minutes old" in only(outside, "Worker").sentence


def test_a_repository_that_cannot_be_read_is_told_and_the_others_are_not(
    outside: Outside, world: World
) -> None:
    host = next(iter(world.mappings))
    Site.objects.filter(host=host).update(repository="no-such-repository")

    assert only(outside, "GitHub,").subject == f"GitHub, {host}"
    assert "4 repositories can be read." in [each.sentence for each in found(outside, "GitHub")]


def test_a_bad_token_is_told(outside: Outside, world: World) -> None:
    with GitHub(token="wrong", api_url=world.github.url) as github:
        lines = found(replace(outside, github=github), "GitHub")

    assert {each.grade for each in lines} == {Grade.BAD}
    assert "token" in lines[0].sentence


def test_a_missing_deployment_and_a_missing_container_are_told(outside: Outside, world: World) -> None:
    first, second, *_ = world.mappings
    Site.objects.filter(host=first).update(deployment="gone")
    Site.objects.filter(host=second).update(container="other")

    lines = {each.subject: each.sentence for each in found(outside, "Deployment,")}

    assert "no Deployment gone" in lines[f"Deployment, {first}"]
    assert "no container other" in lines[f"Deployment, {second}"]


def test_an_image_that_runs_and_is_gone_from_the_registry_is_told(outside: Outside, world: World) -> None:
    host = next(iter(world.mappings))
    path, _, tag = world.running_image(host).partition("/")[2].rpartition(":")
    world.registry.remove(path, tag)

    assert "is not in the registry" in only(outside, "Registry").sentence


def test_a_namespace_without_rights_is_told_right_by_right(outside: Outside, world: World) -> None:
    host = next(iter(world.mappings))
    Site.objects.filter(host=host).update(namespace="elsewhere")

    sentences = [each.sentence for each in found(outside, "Rights in elsewhere")]

    assert f"The worker may not patch deployments {world.mappings[host].deployment}." in sentences
    assert "The worker may not get pods/log." in sentences


def test_a_cluster_that_is_away_hides_nothing_else(outside: Outside, world: World) -> None:
    world.cluster.fail_next(503, 1000)

    assert {each.grade for each in found(outside, "Rights")} == {Grade.BAD}
    assert found(outside, "GitHub's budget")[0].grade is Grade.GOOD


def test_a_ping_address_that_cannot_be_reached_is_told(outside: Outside, settings: Settings) -> None:
    settings.PING_URL = "http://127.0.0.1:1/ping"

    assert "127.0.0.1 does not answer" in only(outside, "Ping").sentence


def test_what_was_found_is_kept_for_the_page(outside: Outside) -> None:
    record_examination(outside=outside, now=NOW)

    kept = Examination.latest()
    assert kept.finished_at == NOW
    assert {"subject", "grade", "sentence", "remedy"} == set(kept.findings[0])


def test_the_command_s_exit_status_tells(world: World, sites: dict[str, Site], settings: Settings) -> None:
    settings.GITHUB_API_URL = world.github.url
    settings.GITHUB_TOKEN = "wrong"
    from_settings.cache_clear()

    with pytest.raises(CommandError, match="lines need you"):
        call_command("doctor")
    from_settings().github.close()
    from_settings().registry.close()
    from_settings.cache_clear()
