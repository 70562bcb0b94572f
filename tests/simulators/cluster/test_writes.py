"""Creating, patching and deleting on the demo cluster, as strictly as on a real one."""

from typing import Any

import pytest

from simulators.cluster import DemoCluster
from tests.simulators.cluster.cluster_client import DEPLOYMENTS, JSON_PATCH, MERGE, Client, set_image


@pytest.fixture
def settled(demo_cluster: DemoCluster) -> DemoCluster:
    containers = {"web": "app:1", "proxy": "proxy:1"}
    demo_cluster.create_deployment("default", "cron", containers=containers, settled=True)
    return demo_cluster


def images_of(deployment: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["image"] for one in deployment["spec"]["template"]["spec"]["containers"]}


def test_a_strategic_patch_changes_one_container_and_keeps_the_other(settled: DemoCluster) -> None:
    with Client(settled) as client:
        status, answer = client.patch("cron", set_image("web", "app:2"))

    assert status == 200
    assert images_of(answer) == {"web": "app:2", "proxy": "proxy:1"}


def test_a_merge_patch_replaces_the_whole_list_of_containers(settled: DemoCluster) -> None:
    with Client(settled) as client:
        _, answer = client.patch("cron", set_image("web", "app:2"), MERGE)

    assert images_of(answer) == {"web": "app:2"}


def test_a_json_patch_replaces_what_its_path_names(settled: DemoCluster) -> None:
    patch = [{"op": "replace", "path": "/spec/template/spec/containers/1/image", "value": "proxy:2"}]

    with Client(settled) as client:
        _, answer = client.patch("cron", patch, JSON_PATCH)

    assert images_of(answer) == {"web": "app:1", "proxy": "proxy:2"}


def test_a_json_patch_whose_test_fails_is_invalid(settled: DemoCluster) -> None:
    with Client(settled) as client:
        status, _ = client.patch("cron", [{"op": "test", "path": "/spec/replicas", "value": 9}], JSON_PATCH)

    assert status == 422


def test_a_patch_of_another_content_type_is_unsupported(settled: DemoCluster) -> None:
    with Client(settled) as client:
        status, answer = client.patch("cron", set_image("web", "app:2"), "application/json")

    assert (status, answer["reason"]) == (415, "UnsupportedMediaType")


def test_an_unknown_container_is_added_and_refused_without_an_image(settled: DemoCluster) -> None:
    body = {"spec": {"template": {"spec": {"containers": [{"name": "wbe"}]}}}}

    with Client(settled) as client:
        status, answer = client.patch("cron", body)

    assert (status, answer["reason"]) == (422, "Invalid")
    assert answer["details"]["causes"] == [
        {
            "reason": "FieldValueRequired",
            "message": "Required value",
            "field": "spec.template.spec.containers[2].image",
        }
    ]


def test_an_unknown_container_with_an_image_is_added(settled: DemoCluster) -> None:
    with Client(settled) as client:
        _, answer = client.patch("cron", set_image("wbe", "app:2"))

    assert images_of(answer) == {"web": "app:1", "proxy": "proxy:1", "wbe": "app:2"}


def test_a_delete_directive_takes_one_container_away(settled: DemoCluster) -> None:
    body = {"spec": {"template": {"spec": {"containers": [{"name": "proxy", "$patch": "delete"}]}}}}

    with Client(settled) as client:
        _, answer = client.patch("cron", body)

    assert images_of(answer) == {"web": "app:1"}


def test_environment_variables_merge_by_name(settled: DemoCluster) -> None:
    def environment(*variables: dict[str, Any]) -> dict[str, Any]:
        return {"spec": {"template": {"spec": {"containers": [{"name": "web", "env": list(variables)}]}}}}

    with Client(settled) as client:
        client.patch("cron", environment({"name": "A", "value": "1"}, {"name": "B", "value": "2"}))
        _, answer = client.patch("cron", environment({"name": "B", "value": "3"}))

    variables = answer["spec"]["template"]["spec"]["containers"][0]["env"]
    assert variables == [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]


def test_null_deletes_an_annotation(settled: DemoCluster) -> None:
    with Client(settled) as client:
        client.patch("cron", {"metadata": {"annotations": {"who": "me", "why": "so"}}})
        _, answer = client.patch("cron", {"metadata": {"annotations": {"who": None}}})

    assert "who" not in answer["metadata"]["annotations"]
    assert answer["metadata"]["annotations"]["why"] == "so"


def test_a_stale_resource_version_conflicts(settled: DemoCluster) -> None:
    stale = settled.deployment("default", "cron")["metadata"]["resourceVersion"]
    settled.set_image("default", "cron", container="web", image="app:2")

    with Client(settled) as client:
        status, answer = client.patch("cron", set_image("web", "app:3", resourceVersion=stale))

    assert (status, answer["reason"]) == (409, "Conflict")
    assert answer["message"].startswith(
        'Operation cannot be fulfilled on deployments.apps "cron": the object has been'
    )
    assert images_of(settled.deployment("default", "cron"))["web"] == "app:2"


def test_the_present_resource_version_does_not_conflict(settled: DemoCluster) -> None:
    version = settled.deployment("default", "cron")["metadata"]["resourceVersion"]

    with Client(settled) as client:
        status, _ = client.patch("cron", set_image("web", "app:3", resourceVersion=version))

    assert status == 200


def test_a_put_with_a_stale_resource_version_conflicts(settled: DemoCluster) -> None:
    stale = settled.deployment("default", "cron")
    settled.set_image("default", "cron", container="web", image="app:2")

    with Client(settled) as client:
        status, _ = client.ask("PUT", f"{DEPLOYMENTS}/cron", stale)

    assert status == 409


def test_a_patch_that_changes_nothing_makes_no_new_version(settled: DemoCluster) -> None:
    before = settled.deployment("default", "cron")

    with Client(settled) as client:
        _, answer = client.patch("cron", set_image("web", "app:1"))

    assert answer == before


def test_the_generation_follows_the_spec_and_the_annotations_and_not_the_labels(settled: DemoCluster) -> None:
    with Client(settled) as client:
        _, annotated = client.patch("cron", {"metadata": {"annotations": {"who": "me"}}})
        _, labelled = client.patch("cron", {"metadata": {"labels": {"team": "shop"}}})
        _, changed = client.patch("cron", set_image("web", "app:2"))

    generations = [each["metadata"]["generation"] for each in (annotated, labelled, changed)]
    assert generations == [2, 2, 3]


def test_the_field_manager_owns_the_image_it_has_set(settled: DemoCluster) -> None:
    with Client(settled) as client:
        _, answer = client.patch("cron", set_image("web", "app:2"), fieldManager="headway")

    entry = next(one for one in answer["metadata"]["managedFields"] if one["manager"] == "headway")
    assert entry["operation"] == "Update"
    assert entry["fieldsV1"] == {
        "f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {"f:image": {}}}}}}
    }


def test_a_field_has_one_owner(settled: DemoCluster) -> None:
    with Client(settled) as client:
        client.patch("cron", set_image("web", "app:2"), fieldManager="headway")
        _, answer = client.patch("cron", set_image("web", "app:3"), fieldManager="someone")

    owners = [one["manager"] for one in answer["metadata"]["managedFields"] if '"f:image"' in _container(one)]
    assert owners == ["someone"]


def _container(entry: dict[str, Any]) -> str:
    containers = (
        entry["fieldsV1"].get("f:spec", {}).get("f:template", {}).get("f:spec", {}).get("f:containers", {})
    )
    return str(containers.get('k:{"name":"web"}', {})).replace("'", '"')


def test_a_dry_run_answers_and_keeps_nothing(settled: DemoCluster) -> None:
    with Client(settled) as client:
        _, answer = client.patch("cron", set_image("web", "app:2"), dryRun="All")

    assert images_of(answer)["web"] == "app:2"
    assert images_of(settled.deployment("default", "cron"))["web"] == "app:1"
