"""`manage.py discover`: what could be a site and is none, as lines for `import_sites`."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from demo.world import NAMESPACE, World
from deployments.models import Site
from tests.deployments.management.conftest import Run

HOST, NAME = "cacophony.natwelch.com", "cacophony"

pytestmark = pytest.mark.usefixtures("sites")


def lines(printed: str) -> list[dict[str, str]]:
    return list(csv.DictReader(printed.splitlines()))


def test_a_deployment_without_a_site_is_a_line_with_the_host_left_open(pointed: World, run: Run) -> None:
    Site.objects.update(owner="icco")
    Site.objects.filter(host=HOST).delete()

    (line,) = lines(run("discover"))

    assert line == {
        "name": NAME,
        "host": "",
        "owner": "icco",
        "repository": NAME,
        "workloads": f"Deployment {NAMESPACE}/{NAME}",
        "image_template": "",
        "commit_source": "",
        "moving_tag": "",
    }


@pytest.mark.parametrize(
    ("tag", "proposed"),
    [
        ("1.4.2", ("{usual}/blog:{{version}}", "release", "")),
        ("v1.4.2", ("{usual}/blog:{{tag}}", "release", "")),
        ("main", ("", "label", "main")),
    ],
)
def test_an_image_of_ours_that_carries_no_commit_comes_with_the_commit_source_that_fits(
    pointed: World, run: Run, tag: str, proposed: tuple[str, str, str]
) -> None:
    usual = pointed.image_template.partition("/{")[0]
    pointed.cluster.create_deployment(NAMESPACE, "blog", containers={"blog": f"{usual}/blog:{tag}"})
    pointed.cluster.create_deployment(NAMESPACE, "cache", containers={"cache": "redis:7.4.1"})

    (line,) = lines(run("discover"))

    found = (line["image_template"], line["commit_source"], line["moving_tag"])
    assert found == (proposed[0].format(usual=usual), *proposed[1:])


def test_with_its_host_the_line_can_be_imported(pointed: World, run: Run, tmp_path: Path) -> None:
    Site.objects.update(owner="icco")
    Site.objects.filter(host=HOST).delete()
    table = tmp_path / "sites.csv"
    table.write_text(run("discover").replace(f"\n{NAME},,", f"\n{NAME},{HOST},"))

    stated = run("import_sites", str(table))

    assert stated == "1 site added, 0 updated, 0 unchanged.\n"
    assert lines(run("discover")) == []


@pytest.mark.parametrize(
    ("place", "tag", "template"),
    [
        ("{usual}/blog", "{sha}", ""),
        ("{usual}/blog", "main-{sha}", "{usual}/blog:main-{{sha}}"),
        ("ghcr.io/icco/blog", "{sha}", "ghcr.io/icco/blog:{{sha}}"),
    ],
)
def test_an_image_that_lies_elsewhere_or_is_tagged_otherwise_comes_with_its_template(
    pointed: World, run: Run, place: str, tag: str, template: str
) -> None:
    known = {"usual": pointed.image(HOST).rpartition("/")[0], "sha": "ab" * 20}
    image = f"{place}:{tag}".format(**known)
    pointed.cluster.create_deployment(NAMESPACE, "blog", containers={"web": image}, settled=True)

    (line,) = lines(run("discover"))

    assert (line["repository"], line["image_template"]) == ("blog", template.format(**known))


@pytest.mark.five_sites
def test_where_sites_have_several_owners_none_is_guessed(pointed: World, run: Run) -> None:
    Site.objects.filter(host=HOST).delete()
    Site.objects.filter(host="chartopia.app").update(owner="someone")

    (line,) = lines(run("discover"))

    assert line["owner"] == ""


def test_a_namespace_that_may_not_be_read_is_named_and_hides_no_other(pointed: World) -> None:
    Site.objects.filter(host=HOST).delete()
    printed = StringIO()

    with pytest.raises(CommandError, match=r"Namespace elsewhere: .*Role"):
        call_command("discover", "elsewhere", NAMESPACE, stdout=printed)

    assert [line["name"] for line in lines(printed.getvalue())] == [NAME]


def test_what_no_template_can_name_is_reported_with_its_reason_beside_the_lines(
    pointed: World, capsys: pytest.CaptureFixture[str], run: Run
) -> None:
    image = "ghcr.io/icco/dated:20260115-3f9c2a1"
    pointed.cluster.create_deployment(NAMESPACE, "dated", containers={"web": image}, settled=True)

    printed = run("discover")

    assert lines(printed) == []
    message = capsys.readouterr().err
    assert message.startswith(
        f"Deployment dated in namespace {NAMESPACE} is left out. The tag of {image} has “20260115”"
    )


def test_an_image_of_eight_digits_comes_with_its_template(pointed: World, run: Run) -> None:
    place = pointed.image(HOST).rpartition("/")[0]
    image = f"{place}/blog:3f9c2a17"
    pointed.cluster.create_deployment(NAMESPACE, "blog", containers={"web": image}, settled=True)

    (line,) = lines(run("discover"))

    assert line["image_template"] == f"{place}/blog:{{short_sha:8}}"
