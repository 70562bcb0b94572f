"""Which Deployments could be sites: those whose image carries a commit."""

import pytest

from deployments.clients.cluster import parse
from deployments.rules.discovery import Candidate, candidates, owner_in, together, unique_names
from deployments.rules.targets import WorkloadReference
from deployments.rules.workloads import Workload, WorkloadKind

SHA = "3f9c2a17b4d8e6051c2f9a8b7d6e5f4a3b2c1d0e"


CRON = WorkloadReference(kind=WorkloadKind.DEPLOYMENT, namespace="sites", name="cron")


def deployment(name: str = "cron", **images: str) -> Workload:
    containers = [{"name": container, "image": image} for container, image in images.items()]
    spec = {"template": {"spec": {"containers": containers}}}
    return parse.deployment({"metadata": {"name": name, "namespace": "sites"}, "spec": spec})


def test_a_container_whose_image_carries_a_commit_is_reported_with_its_template() -> None:
    found = list(candidates([deployment(web=f"gcr.io/icco-cloud/cron-web:{SHA}")], mapped=()))

    assert found == [
        Candidate(
            reference=CRON,
            image=f"gcr.io/icco-cloud/cron-web:{SHA}",
            repository="cron-web",
            image_template="gcr.io/icco-cloud/cron-web:{sha}",
        )
    ]


def test_a_sidecar_is_left_aside() -> None:
    found = candidates(
        [
            deployment(
                proxy="gcr.io/cloudsql-docker/gce-proxy:1.33.2", web=f"gcr.io/icco-cloud/cron:{SHA[:7]}"
            )
        ],
        mapped=(),
    )

    assert [each.repository for each in found] == ["cron"]


@pytest.mark.parametrize(
    "image", ["redis:7.4", "gcr.io/icco-cloud/cron:latest", "gcr.io/icco-cloud/cron", "???", ""]
)
def test_what_carries_no_commit_is_none(image: str) -> None:
    assert list(candidates([deployment(web=image)], mapped=())) == []


def test_what_is_mapped_is_not_reported_again() -> None:
    two = [deployment(name, web=f"gcr.io/icco-cloud/{name}:{SHA}") for name in ("web", "cron")]

    found = candidates(two, mapped={"Deployment web in namespace sites"})

    assert [each.reference.name for each in found] == ["cron"]


def test_workloads_of_one_image_repository_are_one_app() -> None:
    image, other = f"gcr.io/icco-cloud/cron:{SHA}", f"gcr.io/icco-cloud/blog:{SHA}"
    three = [deployment("web", web=image), deployment("blog", web=other), deployment("worker", main=image)]

    apps = together(candidates(three, mapped=()))

    assert [[each.reference.name for each in app] for app in apps] == [["blog"], ["web", "worker"]]


@pytest.mark.parametrize(
    ("image", "owner"),
    [
        ("ghcr.io/icco/cron:main", "icco"),
        ("ghcr.io/icco/tools/cron:main", "icco"),
        ("ghcr.io/cron:main", ""),
        ("gcr.io/icco-cloud/cron:main", ""),
        ("icco/cron:main", ""),
        ("no image", ""),
    ],
)
def test_github_s_registry_says_whose_an_image_is(image: str, owner: str) -> None:
    assert owner_in(image) == owner


@pytest.mark.parametrize(
    ("proposed", "names"),
    [
        ([("web", "shop"), ("tick", "shop")], ["web", "tick"]),
        ([("web", "shop"), ("web", "blog")], ["web-shop", "web-blog"]),
        ([("web", "shop"), ("web", "shop")], ["web-shop", "web-shop-2"]),
        ([("web-shop", "a"), ("web", "shop"), ("web", "blog")], ["web-shop", "web-shop-2", "web-blog"]),
        ([], []),
    ],
)
def test_each_proposed_site_has_its_own_name(proposed: list[tuple[str, str]], names: list[str]) -> None:
    assert unique_names(proposed) == names
