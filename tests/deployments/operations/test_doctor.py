"""The doctor, asked about a world in which one thing is wrong at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django_q.models import Task
from pytest_django.fixtures import Settings

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.clients.github import GitHub
from deployments.clients.push import fresh_key_pair
from deployments.models import Examination, MappedWorkload, PushSubscription, Site
from deployments.operations.doctor.findings import Finding, Grade
from deployments.operations.doctor.internals import proxies_are_trusted, settings_are_sound
from deployments.operations.doctor.request import request_examination
from deployments.operations.doctor.run import examine, record_examination
from deployments.operations.doctor.services import github_answers
from deployments.rules.permissions import PERMISSIONS
from simulators.github import TokenHeaders
from tests.factories import NOW, make_user


@pytest.fixture(autouse=True)
def _alive(db: None) -> None:
    Task.objects.create(
        id="1", name="tick", func="deployments.tasks.tick", started=NOW, stopped=NOW, success=True
    )


def found(clients: Clients, subject: str) -> list[Finding]:
    """Return the lines about a subject."""
    return [each for each in examine(clients=clients, now=NOW) if each.subject.startswith(subject)]


def only(clients: Clients, subject: str) -> Finding:
    (finding,) = [each for each in found(clients, subject) if each.grade is not Grade.GOOD]
    assert finding.remedy
    return finding


def test_a_sound_world_has_a_good_line_for_each_part(clients: Clients) -> None:
    subjects = {each.subject for each in examine(clients=clients, now=NOW) if each.grade is Grade.GOOD}

    assert subjects >= {
        "Database",
        "Worker",
        "Token, GITHUB_TOKEN",
        "GitHub",
        "GitHub's budget",
        "Push keys",
        f"Permissions in {NAMESPACE}",
        "Workloads",
        "Registry",
    }


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8001", "[::1]:8000"])
def test_on_this_machine_alone_nothing_is_asked_of_production(settings: Settings, host: str) -> None:
    settings.PUBLIC_URL = f"http://{host}"

    (finding,) = settings_are_sound()

    assert (finding.grade, finding.message) == (Grade.GOOD, "They can be read, and match this machine alone.")


@pytest.mark.parametrize("host", ["192.168.1.7:8000", "headway.lan", "127.0.0.1.example.com"])
def test_where_others_can_open_it_django_s_deployment_checks_speak(settings: Settings, host: str) -> None:
    settings.PUBLIC_URL = f"http://{host}"

    messages = [each.message for each in settings_are_sound()]

    assert "PUBLIC_URL is not an https:// address." in messages


def test_clocks_that_differ_are_reported(clients: Clients) -> None:
    assert only(clients, "Clock").grade is Grade.BAD


def test_a_silent_worker_is_reported(clients: Clients) -> None:
    Task.objects.update(stopped=NOW - timedelta(minutes=20))

    assert "Last heartbeat 20 minutes ago" in only(clients, "Worker").message


@pytest.mark.parametrize(("hours", "warnings"), [(None, 0), (1, 1), (3, 0)])
def test_a_proxy_that_web_does_not_trust_is_reported_while_it_is_there(
    db: None, hours: int | None, warnings: int
) -> None:
    if hours:
        Examination.record(untrusted_proxy_at=NOW - timedelta(hours=hours))

    headers_of_tokens = list(proxies_are_trusted(now=NOW))

    assert [each.grade for each in headers_of_tokens] == [Grade.WARNING] * warnings


def test_a_site_whose_images_this_worker_does_not_run_is_reported(clients: Clients, world: World) -> None:
    host = next(iter(world.mappings))
    Site.objects.filter(host=host).update(image_template="ghcr.io/{owner}/{repository}:{sha}")

    finding = only(clients, f"Sites, {host}")

    assert finding.grade is Grade.BAD
    assert "this worker runs none from there" in finding.message


@pytest.mark.five_sites
def test_a_repository_that_cannot_be_read_is_reported_and_the_others_are_not(
    clients: Clients, world: World
) -> None:
    host = next(iter(world.mappings))
    Site.objects.filter(host=host).update(repository="no-such-repository")

    assert only(clients, "GitHub,").subject == f"GitHub, {host}"
    assert "4 repositories can be read." in [each.message for each in found(clients, "GitHub")]


def test_a_bad_token_is_reported(clients: Clients, world: World) -> None:
    with GitHub(token="wrong", api_url=world.github.url) as github:
        lines = found(replace(clients, github=github), "GitHub")

    assert {each.grade for each in lines} == {Grade.BAD}
    assert "token" in lines[0].message


def test_what_is_wrong_with_every_site_is_one_line_and_names_one(clients: Clients, world: World) -> None:
    sites = list(Site.objects.all())
    with GitHub(token="wrong", api_url=world.github.url) as github:
        lines = list(github_answers(replace(clients, github=github), sites))

    bad_lines = [each for each in lines if each.grade is Grade.BAD]
    assert [each.subject for each in bad_lines] == [f"GitHub, {sites[0].name} and {len(sites) - 1} more"]


def test_what_is_wrong_with_two_of_many_names_each(clients: Clients, world: World) -> None:
    sites = list(Site.objects.all())
    for site, repository in zip(sites, ("gone", "away"), strict=False):
        site.repository = repository

    lines = list(github_answers(clients, sites))

    assert [each.subject for each in lines if each.grade is Grade.BAD] == [
        f"GitHub, {site.name}" for site in sites[:2]
    ]


def test_a_token_for_one_owner_that_is_not_accepted_is_reported(clients: Clients, world: World) -> None:
    with GitHub(
        token=world.github.token, tokens={"Acme": "wrong", "b": "two words"}, api_url=world.github.url
    ) as github:
        lines = {each.subject: each for each in found(replace(clients, github=github), "Token")}

    assert lines["Token, GITHUB_TOKEN"].grade is Grade.GOOD
    assert "Make a new one and set GITHUB_TOKENS, acme" in lines["Token, GITHUB_TOKENS, acme"].message
    assert "characters that no token has" in lines["Token, GITHUB_TOKENS, b"].message


@pytest.mark.parametrize(
    ("scopes", "grade", "message"),
    [
        (None, Grade.GOOD, "GitHub doesn't expose a fine-grained token's permissions"),
        ("", Grade.GOOD, "a classic token without scopes"),
        ("repo, read:org", Grade.GOOD, "a classic token with read:org, repo."),
        ("repo, workflow, delete_repo", Grade.WARNING, "a classic token with delete_repo, repo, workflow."),
    ],
)
def test_what_a_token_may_do_is_reported_as_far_as_github_says(
    clients: Clients, world: World, scopes: str | None, grade: Grade, message: str
) -> None:
    world.github.tokens.headers_of_tokens[world.github.token] = TokenHeaders(scopes=scopes)

    (line,) = found(clients, "Token")

    assert line.grade is grade
    assert message in line.message
    assert "It does not expire." in line.message
    assert line.remedy.startswith("Headway only reads, and has no use for delete_repo, workflow") is (
        grade is Grade.WARNING
    )


@pytest.mark.parametrize(("days", "grade"), [(13, Grade.WARNING), (15, Grade.GOOD)])
def test_a_token_that_expires_within_two_weeks_is_reported(
    clients: Clients, world: World, days: int, grade: Grade
) -> None:
    end = NOW + timedelta(days=days)
    world.github.tokens.headers_of_tokens[world.github.token] = TokenHeaders(expires_at=end)

    (line,) = found(clients, "Token")

    assert line.grade is grade
    assert f"It expires on {end:%d %B %Y}, in {days} days." in line.message


@pytest.mark.five_sites
def test_no_token_at_all_is_reported_with_what_it_costs(clients: Clients, world: World) -> None:
    with GitHub(api_url=world.github.url, web_url=world.github.url) as github:
        lines = found(replace(clients, github=github), "Token")
        checks = found(replace(clients, github=github), "GitHub's checks")

    assert [(each.subject, each.grade) for each in lines] == [("Token", Grade.WARNING)]
    assert "5 repositories" in checks[0].message


def test_push_keys_that_belong_together_are_well(clients: Clients, settings: Settings) -> None:
    pair = fresh_key_pair()
    settings.VAPID_PUBLIC_KEY, settings.VAPID_PRIVATE_KEY = pair.public, pair.private

    (line,) = found(clients, "Push keys")

    assert line.grade is Grade.GOOD
    assert "belong together" in line.message


def test_push_keys_of_two_pairs_are_reported_with_the_right_half(
    clients: Clients, settings: Settings
) -> None:
    pair, other = fresh_key_pair(), fresh_key_pair()
    settings.VAPID_PUBLIC_KEY, settings.VAPID_PRIVATE_KEY = other.public, pair.private

    line = only(clients, "Push keys")

    assert line.grade is Grade.BAD
    assert f"VAPID_PUBLIC_KEY={pair.public}" in line.remedy


@pytest.mark.parametrize("private", ["no-key", "AAAA", "é", "A" * 43])
def test_a_push_key_that_cannot_be_read_is_reported_and_not_repeated(
    clients: Clients, settings: Settings, private: str
) -> None:
    settings.VAPID_PUBLIC_KEY, settings.VAPID_PRIVATE_KEY = fresh_key_pair().public, private

    line = only(clients, "Push keys")

    assert line.grade is Grade.BAD
    assert private not in line.message


@pytest.mark.parametrize(
    ("subject", "grade"),
    [("https://headway", Grade.BAD), ("", Grade.BAD), ("mailto:headway@localhost", Grade.WARNING)],
)
def test_a_contact_that_push_services_refuse_is_named(
    clients: Clients, settings: Settings, subject: str, grade: Grade
) -> None:
    settings.VAPID_PRIVATE_KEY, settings.VAPID_SUBJECT = fresh_key_pair().private, subject

    line = only(clients, "Push contact")

    assert line.grade is grade


def test_a_contact_with_a_port_needs_no_line(clients: Clients, settings: Settings) -> None:
    settings.VAPID_PRIVATE_KEY = fresh_key_pair().private
    settings.VAPID_SUBJECT = "https://headway.example.com:8443"

    assert found(clients, "Push contact") == []


def refused(*, minutes: int, ok_minutes: int | None = None, host: str = "web.push.apple.com") -> None:
    PushSubscription.objects.create(
        user=make_user(f"user-{minutes}"),
        endpoint=f"https://{host}/{minutes}",
        p256dh="",
        auth="",
        created_at=NOW,
        last_refusal='400 Bad Request: {"reason": "BadWebPushTopic"}',
        last_refused_at=NOW - timedelta(minutes=minutes),
        last_ok_at=None if ok_minutes is None else NOW - timedelta(minutes=ok_minutes),
    )


def test_the_last_refusal_of_a_push_service_is_shown(clients: Clients) -> None:
    refused(minutes=3, ok_minutes=60)
    refused(minutes=90, host="fcm.googleapis.com")

    line = only(clients, "Push")

    assert line.message == (
        'web.push.apple.com refused a notification 3 minutes ago: 400 Bad Request: {"reason": "BadWebPushTopic"}. '
        "So did that of 1 other device."
    )


def test_a_refusal_that_a_success_has_followed_is_over(clients: Clients) -> None:
    refused(minutes=3, ok_minutes=1)

    assert found(clients, "Push") == found(clients, "Push keys")


def test_one_push_key_alone_is_reported(clients: Clients, settings: Settings) -> None:
    pair = fresh_key_pair()
    settings.VAPID_PUBLIC_KEY, settings.VAPID_PRIVATE_KEY = pair.public, ""
    without_private = only(clients, "Push keys")
    settings.VAPID_PUBLIC_KEY, settings.VAPID_PRIVATE_KEY = "", pair.private
    without_public = only(clients, "Push keys")

    assert without_private.grade is Grade.BAD
    assert without_public.grade is Grade.WARNING
    assert f"VAPID_PUBLIC_KEY={pair.public}" in without_public.remedy


def test_a_missing_deployment_and_a_missing_container_are_reported(clients: Clients, world: World) -> None:
    first, second, *_ = world.mappings
    MappedWorkload.objects.filter(site__host=first).update(name="gone")
    MappedWorkload.objects.filter(site__host=second).update(containers=["other"])

    lines = {each.subject: each.message for each in found(clients, "Deployment,")}

    assert "no Deployment gone" in lines[f"Deployment, {first}"]
    assert "no container named other" in lines[f"Deployment, {second}"]


def test_an_image_that_runs_and_is_gone_from_the_registry_is_reported(clients: Clients, world: World) -> None:
    host = next(iter(world.mappings))
    path, _, tag = world.running_image(host).partition("/")[2].rpartition(":")
    world.registry.remove(path, tag)

    assert "is not in the registry" in only(clients, "Registry").message


def test_a_namespace_without_rights_is_reported_right_by_right(clients: Clients, world: World) -> None:
    host = next(iter(world.mappings))
    MappedWorkload.objects.filter(site__host=host).update(namespace="elsewhere")

    sentences = [each.message for each in found(clients, "Permissions in elsewhere")]

    assert f"The worker may not patch deployments {world.mappings[host].deployment}." in sentences
    assert "The worker may not get pods/log." in sentences


def test_a_right_that_is_missing_in_a_namespace_is_reported_once(clients: Clients, world: World) -> None:
    MappedWorkload.objects.update(namespace="elsewhere")

    sentences = [each.message for each in found(clients, "Permissions in elsewhere")]

    assert sentences.count("The worker may not patch deployments.") == 1
    assert len(sentences) == len(set(sentences)) == sum(len(each.verbs) for each in PERMISSIONS)


def test_a_cluster_that_is_away_hides_nothing_else(clients: Clients, world: World) -> None:
    world.cluster.fail_next(503, 1000)

    assert {each.grade for each in found(clients, "Permissions")} == {Grade.BAD}
    assert found(clients, "GitHub's budget")[0].grade is Grade.GOOD


def test_a_ping_address_that_cannot_be_reached_is_reported(clients: Clients, settings: Settings) -> None:
    settings.PING_URL = "http://127.0.0.1:1/ping"

    assert "127.0.0.1 does not answer" in only(clients, "Ping").message


def test_what_was_found_is_kept_for_the_page(clients: Clients) -> None:
    record_examination(clients=clients, now=NOW)

    kept = Examination.latest()
    assert kept.finished_at == NOW
    assert {"subject", "grade", "message", "remedy"} == set(kept.findings[0])


def test_the_command_s_exit_status_says_so(world: World, sites: dict[str, Site], settings: Settings) -> None:
    settings.GITHUB_API_URL = world.github.url
    settings.GITHUB_TOKEN = "wrong"
    Clients.from_settings.cache_clear()

    with pytest.raises(CommandError, match="checks failed"):
        call_command("doctor")
    Clients.from_settings().github.close()
    Clients.from_settings().registry.close()
    Clients.from_settings.cache_clear()


def test_a_site_whose_template_names_no_image_is_reported_once(clients: Clients, world: World) -> None:
    host = next(iter(world.mappings))
    Site.objects.filter(host=host).update(image_template="nonsense")

    finding = only(clients, f"Sites, {host}")

    assert finding.message == "Its image template names no image."
    assert found(clients, f"Deployment, {host}") == []


def test_a_deployment_that_no_site_maps_is_reported_and_is_not_a_problem(
    clients: Clients, world: World
) -> None:
    host, mapping = next(iter(world.mappings.items()))
    Site.objects.filter(host=host).delete()

    (finding,) = found(clients, "Not mapped")

    assert finding.grade is Grade.GOOD
    assert (
        f"No site maps Deployment {mapping.deployment} in namespace {NAMESPACE}: `manage.py discover`"
        in finding.message
    )


def test_where_everything_is_mapped_nothing_is_said_of_it(clients: Clients) -> None:
    assert found(clients, "Not mapped") == []


@pytest.mark.usefixtures("sites")
def test_an_examination_is_over_whatever_the_requesters_clock(clients: Clients) -> None:
    request_examination(now=NOW + timedelta(minutes=1))

    record_examination(clients=clients, now=NOW)

    assert not Examination.latest().is_under_way


@pytest.mark.parametrize(
    ("tag", "stated", "remedy"),
    [
        ("main-3f9c2a1-1700000000", "“1700000000” beside the commit", "Push each build under its commit too"),
        ("3f9c2a17", "makes no such tag", "{repository}:{short_sha:8}"),
    ],
)
def test_a_tag_that_the_template_never_gives_is_reported_with_what_helps(
    world: World, clients: Clients, tag: str, stated: str, remedy: str
) -> None:
    host, mapping = next(iter(world.mappings.items()))
    image = f"{world.image(host).rpartition(':')[0]}:{tag}"
    world.cluster.set_image(NAMESPACE, mapping.deployment, container=mapping.deployment, image=image)

    finding = only(clients, "Tags")

    assert finding.subject == f"Tags, {host}"
    assert stated in finding.message
    assert remedy in finding.remedy


def test_an_unmapped_workload_that_no_template_can_name_is_reported_with_the_reason(
    world: World, clients: Clients
) -> None:
    image = "ghcr.io/icco/numbered:build.4821.3f9c2a1"
    world.cluster.create_deployment(NAMESPACE, "numbered", containers={"web": image}, settled=True)

    assert "“4821”" in only(clients, "Not mapped, numbered").message
