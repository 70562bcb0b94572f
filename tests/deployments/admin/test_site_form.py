"""The form of a mapping: it takes what people paste, and says what to do about what it cannot take."""

from html import unescape

import pytest
from django.forms.models import model_to_dict
from django.test import Client
from django_q.models import OrmQ

from deployments.models import Observation, Site
from deployments.rules.targets import format_references
from tests.factories import create_site

ADD = "/admin/deployments/site/add/"
# As a browser sends the empty form: with every default, and without the boxes that are not ticked.
DEFAULTS = {
    name: value for name, value in model_to_dict(Site()).items() if value is not None and value is not False
}
FILLED_IN = DEFAULTS | {
    "host": "cron.example.com",
    "owner": "icco",
    "repository": "cron",
    "branch": "",
    "image_template": "",
    "minimum_interval_minutes": "0",
    "workloads-TOTAL_FORMS": "1",
    "workloads-INITIAL_FORMS": "0",
    "workloads-MIN_NUM_FORMS": "1",
    "workloads-0-position": "0",
    "workloads-0-kind": "Deployment",
    "workloads-0-namespace": "default",
    "workloads-0-name": "cron",
    "workloads-0-containers": "",
}


def errors_of(client: Client, **changed: str) -> str:
    """Send the form and return the page that comes back, as text; it must have been refused."""
    answer = client.post(ADD, FILLED_IN | changed)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


@pytest.mark.parametrize(
    "pasted",
    [
        "https://github.com/cloudwalking/candygrams.xyz/tree/main?tab=readme-ov-file",
        "git@github.com:cloudwalking/candygrams.xyz.git",
        "github.com/cloudwalking/candygrams.xyz/",
        "cloudwalking/candygrams.xyz",
    ],
)
def test_a_pasted_address_of_a_repository_brings_its_owner(owner: Client, pasted: str) -> None:
    owner.post(ADD, FILLED_IN | {"owner": "", "repository": pasted})

    site = Site.objects.get()
    assert (site.owner, site.repository) == ("cloudwalking", "candygrams.xyz")


def test_a_repository_without_any_owner_says_what_to_write(owner: Client) -> None:
    page = errors_of(owner, owner="")

    assert "Write the user or organisation, or paste the repository's whole address." in page


def test_pasted_addresses_become_a_host_and_a_repository(owner: Client) -> None:
    answer = owner.post(
        ADD,
        FILLED_IN
        | {"host": " https://Cron.Example.com/path?x=1 ", "repository": "https://github.com/icco/cron.git"},
    )

    site = Site.objects.get()
    assert answer.status_code == 302
    assert (site.name, site.host, site.owner, site.repository) == (
        "cron.example.com",
        "cron.example.com",
        "icco",
        "cron",
    )


def test_a_pasted_repository_of_another_owner_than_the_one_given_is_refused(owner: Client) -> None:
    page = errors_of(owner, owner="icco", repository="https://github.com/cloudwalking/candygrams.xyz")

    assert "The repository belongs to cloudwalking, and the owner says icco. Correct one of them." in page
    assert not Site.objects.exists()


def test_a_new_site_is_checked_at_once(owner: Client) -> None:
    owner.post(ADD, FILLED_IN)

    check, sync = OrmQ.objects.order_by("pk")
    assert check.func() == "deployments.tasks.check_mapping"
    assert sync.func() == "deployments.tasks.sync"
    assert sync.task["kwargs"]["names"] == ["cron.example.com"]


@pytest.mark.parametrize("name", ["octocat_acme", "jane-doe_acme", "old-name-", "two--hyphens", "a" * 39])
def test_owners_are_taken_as_github_names_them(owner: Client, name: str) -> None:
    owner.post(ADD, FILLED_IN | {"owner": name})

    assert Site.objects.get().owner == name


@pytest.mark.parametrize("name", ["_acme", "-acme", "ac me", "acme/cron/x", "a" * 40])
def test_what_github_names_nobody_is_no_owner(owner: Client, name: str) -> None:
    errors_of(owner, owner=name)

    assert not Site.objects.exists()


@pytest.mark.parametrize("name", ["a" * 243, f"{'b' * 100}.{'c' * 100}", "d" * 64])
def test_a_deployments_name_may_be_longer_than_a_hosts_part(owner: Client, name: str) -> None:
    owner.post(ADD, FILLED_IN | {"workloads-0-name": name, "workloads-0-containers": "web, migrate"})

    assert format_references(Site.objects.get().references) == f"Deployment default/{name} [migrate, web]"


@pytest.mark.parametrize("name", ["-cron", "cron-", "cron..web", "Cron", "a" * 254])
def test_what_kubernetes_takes_for_no_name_is_refused(owner: Client, name: str) -> None:
    errors_of(owner, **{"workloads-0-name": name})

    assert not Site.objects.exists()


def test_a_second_site_of_the_same_container_is_refused_in_words(owner: Client) -> None:
    owner.post(ADD, FILLED_IN)

    page = errors_of(owner, host="other.example.com")

    assert "Another site already maps this workload." in page


def test_a_second_site_of_the_same_name_is_refused_in_words(owner: Client) -> None:
    owner.post(ADD, FILLED_IN)

    page = errors_of(owner, **{"workloads-0-name": "other"})

    assert "Site with this Name already exists." in page


def test_a_template_without_a_commit_says_what_to_write(owner: Client) -> None:
    page = errors_of(owner, image_template="gcr.io/project/{repository}:latest")

    assert "{sha}" in page.split("errorlist", 1)[1].split("</ul>", 1)[0]


def test_a_host_that_is_no_dns_name_says_so(owner: Client) -> None:
    page = errors_of(owner, host="not a host")

    assert "errorlist" in page
    assert not Site.objects.exists()


def test_a_missing_workload_is_reported_once_and_in_words(owner: Client) -> None:
    page = errors_of(owner, **{"workloads-0-name": ""})

    assert page.count("This field is required.") == 1
    assert "mapped_workload_name_is_object_name" not in page


def test_a_site_needs_a_name_or_a_host(owner: Client) -> None:
    page = errors_of(owner, host="")

    assert "Name the site, or give its host: one of the two is needed." in page


def test_a_repository_whose_name_can_be_no_images_is_refused_with_the_name(owner: Client) -> None:
    page = errors_of(owner, repository=".github")

    assert "Filled in for this site: “" in page
    assert "/.github” is not an image's name" in page


def test_such_a_repository_is_taken_with_a_template_that_leaves_its_name_out(owner: Client) -> None:
    owner.post(ADD, FILLED_IN | {"repository": ".github", "image_template": "gcr.io/icco/profile:{sha}"})

    assert Site.objects.get().expected_repository == "gcr.io/icco/profile"


@pytest.mark.parametrize(
    ("image", "source", "proposed"),
    [
        ("ghcr.io/icco/cron:1.4.2", "tag", "That tag is a version: choose “the image's version”"),
        ("ghcr.io/icco/cron:main", "release", "choose “the image's label”, with the moving tag main"),
        ("ghcr.io/icco/cron:3f9c2a1", "release", "choose “the image's tag”, with the image template"),
    ],
)
def test_the_commit_source_that_fits_what_runs_is_proposed_beside_its_field(
    owner: Client, image: str, source: str, proposed: str
) -> None:
    site = create_site("cron.example.com", deployment="cron", owner="icco", repository="cron")
    Site.objects.update(commit_source=source)
    Observation.objects.create(site=site, desired_image=image)

    page = unescape(owner.get(f"/admin/deployments/site/{site.pk}/change/").text)

    assert f"It runs {image}. " in page
    assert proposed in page


def test_no_commit_source_is_proposed_where_the_commit_is_known(owner: Client) -> None:
    site = create_site("cron.example.com", deployment="cron", owner="icco", repository="cron")
    Observation.objects.create(site=site, desired_image="ghcr.io/icco/cron:1.4.2", desired_sha="a" * 40)

    page = owner.get(f"/admin/deployments/site/{site.pk}/change/").text

    assert "That tag is a version" not in page


def test_a_template_that_names_versions_needs_sites_by_release(owner: Client) -> None:
    page = errors_of(owner, image_template="ghcr.io/icco/cron:{version}")

    assert "let commits be known by release" in page
