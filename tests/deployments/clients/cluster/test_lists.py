"""A list's objects are parsed when they are read, and found by name and by what they belong to."""

from typing import Any

import pytest

from deployments.clients.cluster import Listed, Pods, Workloads, parse
from deployments.rules.workloads import Workload


def deployment(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}}


def pod(name: str, *, owner: str | None) -> dict[str, Any]:
    owners = [{"kind": "ReplicaSet", "name": owner, "controller": True}] if owner is not None else None
    return {"metadata": {"name": name, "ownerReferences": owners}}


def test_only_what_is_read_is_parsed_and_only_once() -> None:
    parsed: list[str] = []

    def note(thing: dict[str, Any]) -> Workload:
        parsed.append(thing["metadata"]["name"])
        return parse.deployment(thing)

    listed = Listed([deployment(name) for name in ("blog", "cron", "shop")], note)

    first, second = listed.named("cron"), listed.named("cron")

    assert parsed == ["cron"]
    assert first is second


def test_they_come_in_the_servers_order() -> None:
    listed = Listed([deployment(name) for name in ("shop", "blog")], parse.deployment)

    assert [each.name for each in listed] == ["shop", "blog"]
    assert len(listed) == 2


@pytest.mark.parametrize("items", [[], [deployment("blog")], [{"metadata": None}]])
def test_a_name_that_is_not_there_is_none(items: list[dict[str, Any]]) -> None:
    assert Listed(items, parse.deployment).named("shop") is None


@pytest.mark.parametrize(
    ("owner", "is_found"),
    [
        ("shop-5d4f", True),
        ("shop", True),
        ("shop-worker-5d4f", True),
        ("shopping-5d4f", False),
        ("worker-shop", False),
        (None, False),
    ],
    ids=["its ReplicaSet", "itself", "one whose name is longer", "another name", "behind", "nobody"],
)
def test_pods_are_found_by_their_owners_name(owner: str | None, is_found: bool) -> None:
    pods = Pods([pod("other", owner="blog-1"), pod("one", owner=owner)])

    assert [each.name for each in pods.of_workload("shop")] == (["one"] if is_found else [])


IMAGES = {
    "web": {"template": {"spec": {"containers": [{"name": "web", "image": "ghcr.io/team/shop:1"}]}}},
    "mirrored": {
        "template": {
            "spec": {
                "initContainers": [{"name": "migrate", "image": "mirror.local:5000/team/shop@sha256:0f"}],
                "containers": [{"name": "web", "image": "nginx"}],
            }
        }
    },
    "other": {"template": {"spec": {"containers": [{"name": "web", "image": "ghcr.io/team/shop-admin:1"}]}}},
    "empty": {},
}


def test_workloads_are_found_by_what_their_images_are_called_wherever_they_lie() -> None:
    items = [{"metadata": {"name": name}, "spec": spec} for name, spec in IMAGES.items()]

    found = Workloads(items, parse.deployment).with_image("shop")

    assert [each.name for each in found] == ["web", "mirrored"]


def test_a_cron_jobs_images_are_those_of_its_jobs() -> None:
    spec = {"jobTemplate": {"spec": IMAGES["web"]}}

    found = Workloads([{"metadata": {"name": "tick"}, "spec": spec}], parse.cron_job).with_image("shop")

    assert [each.name for each in found] == ["tick"]
