"""`make manifests`: one file of what a person says of an installation, or a sentence that says what is missing."""

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes_validate import validate

from release.installation import COMPONENTS, EXAMPLE, Installation, UnableToWrite
from release.manifests import build
from tests.conftest import need_program
from tests.k8s.manifests import K8S, containers, manifests
from tests.processes import CHECKOUT

pytestmark = pytest.mark.slow

IMAGE, HOST = "registry.example.com/my-team/headway:0.1.0", "headway.example.org"
DIGEST = f"sha256:{'a' * 64}"
Make = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run `make manifests` with these variables, as a person does, in its own folder."""

    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        given = [f"{name}={value}" for name, value in variables.items()]
        command = [
            need_program("make"),
            "--no-print-directory",
            "--file",
            str(CHECKOUT / "Makefile"),
            "manifests",
        ]
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "HOME": str(tmp_path)}
        return subprocess.run(
            [*command, *given], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )

    return run


def objects(**variables: str) -> list[dict[str, Any]]:
    """What kubectl builds for these variables, with those that are needed."""
    need_program("kubectl")
    text = build(Installation.read({"IMAGE": IMAGE, "HOST": HOST} | variables))
    return [each for each in yaml.load_all(text, yaml.CSafeLoader) if each]


def named(found: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (one,) = [each for each in found if each["kind"] == kind and each["metadata"]["name"].startswith(name)]
    return one


def images(found: list[dict[str, Any]]) -> set[str]:
    specs = [each["spec"]["template"]["spec"] for each in found if "template" in each.get("spec", {})]
    return {container["image"] for pod in specs for container in containers(pod)}


def test_two_variables_are_enough_and_no_warning_is_printed(make: Make, tmp_path: Path) -> None:
    done = make(IMAGE=IMAGE, HOST=HOST)

    assert (done.returncode, done.stderr) == (0, "")
    assert "install.yaml is written" in done.stdout
    file = tmp_path / "install.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = [each for each in yaml.load_all(file.read_text(), yaml.CSafeLoader) if each]
    assert {each["kind"] for each in found} >= {
        "Namespace",
        "Deployment",
        "StatefulSet",
        "Ingress",
        "Job",
        "Role",
    }


def test_what_it_writes_is_valid() -> None:
    for each in objects(NAMESPACES="default,sites", ISSUER="letsencrypt", DATABASE_URL="postgres://o:p@db/h"):
        validate(each, "1.37", strict=True)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (
            {"HOST": HOST},
            f"IMAGE is not set. Give the image of Headway that your cluster can pull, as in {EXAMPLE}",
        ),
        ({"IMAGE": IMAGE}, f"HOST is not set. Give the host name that people will open, as in {EXAMPLE}"),
        ({"IMAGE": "registry.example.com/My Team/headway:1", "HOST": HOST}, "IMAGE: "),
        (
            {"IMAGE": IMAGE, "HOST": "https://headway.example.org/"},
            "Give it without https:// and without a path.",
        ),
        ({"IMAGE": "headway:1", "HOST": HOST}, "IMAGE_TEMPLATE must name a folder of your own"),
        (
            {"IMAGE": IMAGE, "HOST": HOST, "IMAGE_TEMPLATE": "r.example.com/a/{repository}"},
            "IMAGE_TEMPLATE: ",
        ),
        (
            {"IMAGE": IMAGE, "HOST": HOST, "IMAGE_TEMPLATE": "ghcr.io/{owner}/{repository}:{sha}"},
            "a folder of your own",
        ),
        (
            {"IMAGE": IMAGE, "HOST": HOST, "IMAGE_PREFIXES": "ghcr.io/me/,ghcr.io/you"},
            "“ghcr.io/you” is not a folder",
        ),
        ({"IMAGE": IMAGE, "HOST": HOST, "IMAGE_PREFIXES": "ghcr.io/me/,"}, "“” is not a folder"),
        ({"IMAGE": IMAGE, "HOST": HOST, "NAMESPACES": "default,"}, "“” is not a namespace"),
        ({"IMAGE": IMAGE, "HOST": HOST, "POSTGRES_IMAGE": "postgres:"}, "POSTGRES_IMAGE: "),
        (
            {"IMAGE": IMAGE, "HOST": HOST, "DATABASE_URL": "mysql://o:p@db/h"},
            "DATABASE_URL names no database.",
        ),
        (
            {"IMAGE": IMAGE, "HOST": HOST, "DATABASE_URL": "postgres://o:p@db"},
            "DATABASE_URL names no database.",
        ),
        ({"IMAGE": IMAGE, "HOST": HOST, "ISSUER": "Let's Encrypt"}, "is not the name of a ClusterIssuer"),
        ({"IMAGE": IMAGE, "HOST": HOST, "ISSUER": "letsencrypt-"}, "is not the name of a ClusterIssuer"),
        ({"IMAGE": IMAGE, "HOST": HOST, "INGRESS_CLASS": "Traefik"}, "is not the name of an IngressClass"),
        ({"IMAGE": IMAGE, "HOST": HOST, "COMPONENTS": "routes,secrets"}, "“secrets” is not one of collector"),
        ({"IMAGE": IMAGE, "HOST": HOST, "COMPONENTS": "routes,"}, "“” is not one of collector"),
        ({"IMAGE": IMAGE, "HOST": HOST, "INGRESS_NAMESPACE": "kube.system"}, "is not a namespace"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_a_sentence(variables: dict[str, str], words: str) -> None:
    with pytest.raises(UnableToWrite) as refused:
        Installation.read(variables)

    assert words in str(refused.value)


@pytest.mark.parametrize("name", ["NAMESPACE", "IMAGES", "image"])
def test_a_variable_that_nothing_reads_is_named_and_nothing_is_written(
    make: Make, tmp_path: Path, name: str
) -> None:
    done = make(IMAGE=IMAGE, HOST=HOST, **{name: "it's a=value"})

    assert done.stderr.startswith(f"Nothing was written. {name} is not known here. There are: IMAGE, HOST, ")
    assert not (tmp_path / "install.yaml").exists()


def test_a_file_that_others_could_read_is_theirs_no_longer(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "install.yaml"
    file.touch()
    file.chmod(0o644)

    done = make(IMAGE=IMAGE, HOST=HOST, DATABASE_URL="postgres://owner:secret@db/headway")

    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_sentence_ends_make_and_nothing_is_written(make: Make, tmp_path: Path) -> None:
    done = make(HOST=HOST)

    assert done.returncode != 0
    assert done.stderr.startswith("Nothing was written. IMAGE is not set")
    assert not (tmp_path / "install.yaml").exists()


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (IMAGE, IMAGE),
        (f"registry.example.com:5000/headway@{DIGEST}", f"registry.example.com:5000/headway@{DIGEST}"),
        (f"{IMAGE}@{DIGEST}", f"{IMAGE.rpartition(':')[0]}@{DIGEST}"),
    ],
)
def test_every_process_of_ours_runs_the_image_and_the_database_its_own(given: str, written: str) -> None:
    template = "registry.example.com/my-team/{repository}:{sha}"

    found = objects(IMAGE=given, IMAGE_TEMPLATE=template, POSTGRES_IMAGE=f"postgres:18-alpine@{DIGEST}")

    assert {each.replace("docker.io/library/", "") for each in images(found)} == {
        written,
        f"postgres@{DIGEST}",
    }


def test_the_host_is_everywhere_the_example_was() -> None:
    found = objects(ISSUER="letsencrypt")

    ingress = named(found, "Ingress", "headway")
    (settings,) = [each["data"] for each in found if "PUBLIC_URL" in each.get("data", {})]
    assert ingress["spec"]["tls"][0]["hosts"] == [HOST]
    assert [each["host"] for each in ingress["spec"]["rules"]] == [HOST]
    assert settings["PUBLIC_URL"] == f"https://{HOST}"
    assert settings["IMAGE_TEMPLATE"] == "registry.example.com/my-team/{repository}:{sha}"
    assert settings["TRUSTED_PROXIES"] == "1"
    assert "example.com" not in yaml.safe_dump(found).replace("registry.example.com", "")


def test_an_issuer_takes_nothing_from_the_ingress() -> None:
    without, with_one = (named(objects(ISSUER=each), "Ingress", "headway") for each in ("", "letsencrypt"))

    annotations = without["metadata"]["annotations"]
    assert "nginx.ingress.kubernetes.io/proxy-body-size" in annotations
    assert with_one["metadata"]["annotations"] == annotations | {
        "cert-manager.io/cluster-issuer": "letsencrypt"
    }


@pytest.mark.parametrize(
    ("variables", "controller", "namespace"),
    [
        ({}, "nginx", "ingress-nginx"),
        ({"INGRESS_CLASS": "traefik", "INGRESS_NAMESPACE": "kube-system"}, "traefik", "kube-system"),
    ],
)
def test_the_ingress_names_its_controller_which_reaches_web_and_a_certificate_s_challenge(
    variables: dict[str, str], controller: str, namespace: str
) -> None:
    found = objects(ISSUER="letsencrypt", **variables)

    assert named(found, "Ingress", "headway")["spec"]["ingressClassName"] == controller
    selector = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    reached = {
        policy["metadata"]["name"]: policy["spec"]["ingress"][0]["ports"]
        for policy in found
        if policy["kind"] == "NetworkPolicy"
        if [each["from"] for each in policy["spec"].get("ingress", [])] == [[selector]]
    }
    assert reached == {
        "ingress": [{"protocol": "TCP", "port": 8000}],
        "certificate": [{"protocol": "TCP", "port": 8089}],
    }


def test_the_worker_has_its_role_where_the_sites_are_and_nowhere_else() -> None:
    found = objects(NAMESPACES="sites, more")

    (shipped,) = yaml.safe_load_all((K8S / "base" / "role.yaml").read_text())
    roles = [
        each for each in found if each["kind"] == "Role" and each["metadata"]["name"] == "headway-worker"
    ]
    bindings = [
        each
        for each in found
        if each["kind"] == "RoleBinding" and each["metadata"]["name"] == "headway-worker"
    ]
    assert {each["metadata"]["namespace"] for each in roles} == {"sites", "more"}
    assert [each["rules"] for each in roles] == [shipped["rules"]] * 2
    assert {each["metadata"]["namespace"] for each in bindings} == {"sites", "more"}


def test_what_a_component_allows_is_allowed_where_the_sites_are_and_nowhere_else() -> None:
    found = objects(NAMESPACES="sites,more", COMPONENTS="routes, workloads")

    roles = {
        name: [each for each in found if each["kind"] == "Role" and each["metadata"]["name"] == name]
        for name in ("headway-routes", "headway-workloads")
    }
    for name, mine in roles.items():
        (shipped, _) = yaml.safe_load_all(
            (K8S / "components" / name.removeprefix("headway-") / "rights.yaml").read_text()
        )
        assert {each["metadata"]["namespace"] for each in mine} == {"sites", "more"}
        assert [each["rules"] for each in mine] == [shipped["rules"]] * 2
    bound = {
        (each["roleRef"]["name"], each["metadata"]["namespace"], each["subjects"][0]["name"])
        for each in found
        if each["kind"] == "RoleBinding" and each["metadata"]["name"] != "headway-secrets"
    }
    assert bound == {
        (role, namespace, "headway-worker")
        for role in ("headway-worker", *roles)
        for namespace in ("sites", "more")
    }


@pytest.mark.parametrize("component", COMPONENTS)
def test_each_component_is_in_the_file_and_no_other(component: str) -> None:
    without = {(each["kind"], each["metadata"]["name"]) for each in objects()}

    added = {(each["kind"], each["metadata"]["name"]) for each in objects(COMPONENTS=component)} - without

    assert added == {
        (each["kind"], each["metadata"]["name"]) for each in manifests(f"components/{component}")
    }


def test_the_worker_finds_sites_where_it_has_its_role() -> None:
    found = objects(NAMESPACES="sites, more")

    (settings,) = [each["data"] for each in found if "IMAGE_TEMPLATE" in each.get("data", {})]
    assert settings["NAMESPACES"] == "sites,more"


def test_images_of_several_owners_are_run_where_their_folders_are_listed() -> None:
    template = "ghcr.io/{owner}/{repository}:{sha}"

    found = objects(IMAGE_TEMPLATE=template, IMAGE_PREFIXES="ghcr.io/me/, ghcr.io/my-team/")

    (settings,) = [each["data"] for each in found if "IMAGE_TEMPLATE" in each.get("data", {})]
    assert settings["IMAGE_TEMPLATE"] == template
    assert settings["IMAGE_PREFIXES"] == "ghcr.io/me/,ghcr.io/my-team/"


def test_with_a_database_of_ones_own_there_is_no_other_and_the_job_gets_its_address() -> None:
    url = "postgres://owner:p%40ss@db.example.org:5433/headway?sslmode=require"

    found = objects(DATABASE_URL=url)

    assert "StatefulSet" not in {each["kind"] for each in found}
    assert named(found, "Secret", "headway-database")["stringData"] == {"DATABASE_URL": url}
    job = named(found, "Job", "headway-secrets")["spec"]["template"]["spec"]["containers"][0]
    assert job["env"][0]["valueFrom"]["secretKeyRef"]["name"] == "headway-database"


def test_another_image_makes_another_job_since_none_can_change() -> None:
    first = named(objects(), "Job", "headway-secrets")["metadata"]["name"]

    later = named(objects(IMAGE=IMAGE.replace("0.1.0", "0.2.0")), "Job", "headway-secrets")["metadata"][
        "name"
    ]

    assert first != later


def test_the_worker_waits_for_its_token() -> None:
    (worker,) = named(objects(), "Deployment", "headway-worker")["spec"]["template"]["spec"]["containers"]

    assert worker["envFrom"][1] == {"secretRef": {"name": "headway-worker"}}
