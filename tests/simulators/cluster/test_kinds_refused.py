"""What the API server refuses of StatefulSets, DaemonSets, CronJobs and Jobs, and what a dry run keeps to itself."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from simulators.cluster import DemoCluster, Denial, Mutation
from simulators.cluster.cluster import RBAC, WORKLOADS_RBAC
from tests.simulators.cluster.cluster_client import MERGE, STRATEGIC, Client
from tests.simulators.cluster.conftest import KINDS

APPS = "/apis/apps/v1/namespaces/default"
BATCH = "/apis/batch/v1/namespaces/default"
DB, AGENT, REPORT = f"{APPS}/statefulsets/db", f"{APPS}/daemonsets/agent", f"{BATCH}/cronjobs/report"
WORKLOADS = (DB, AGENT, REPORT)


def images(path: str, image: str, **metadata: Any) -> dict[str, Any]:
    """A strategic merge patch of the init container's and the container's image."""
    one = {"name": "web", "image": image}
    template = {"spec": {"initContainers": [{"name": "migrate", "image": image}], "containers": [one]}}
    spec = {"jobTemplate": {"spec": {"template": template}}} if path == REPORT else {"template": template}
    return {"metadata": metadata, "spec": spec}


def document(name: str) -> dict[str, Any]:
    listed = yaml.safe_load_all(KINDS.read_text())
    found: dict[str, Any] = next(one for one in listed if one["metadata"]["name"] == name)
    return found


@pytest.mark.parametrize("path", WORKLOADS)
def test_one_patch_sets_init_container_and_container_and_nothing_else(kinds: DemoCluster, path: str) -> None:
    with Client(kinds) as client:
        before = client.get(path)

        status, after = client.ask("PATCH", path, images(path, "app:2"), STRATEGIC)

    expected = yaml.safe_dump(before["spec"]).replace("app:1", "app:2")
    assert (status, yaml.safe_load(expected)) == (200, after["spec"])
    assert after["metadata"]["generation"] == before["metadata"]["generation"] + 1


@pytest.mark.parametrize("path", WORKLOADS)
def test_a_stale_revision_conflicts_and_another_content_type_is_not_understood(
    kinds: DemoCluster, path: str
) -> None:
    with Client(kinds) as client:
        stale = client.ask("PATCH", path, images(path, "app:2", resourceVersion="1"), STRATEGIC)
        unknown = client.ask("PATCH", path, images(path, "app:2"), "application/json")

    assert (stale[0], stale[1]["reason"], unknown[0]) == (409, "Conflict", 415)


@pytest.mark.parametrize("path", WORKLOADS)
def test_a_dry_run_answers_what_webhooks_make_of_it_and_keeps_nothing(kinds: DemoCluster, path: str) -> None:
    kinds.mutations.append(Mutation(registries={"app:": "mirror.example/app:"}))

    with Client(kinds) as client:
        before = client.get(path)
        status, answer = client.ask("PATCH", path, images(path, "app:2"), STRATEGIC, dryRun="All")
        after = client.get(path)

    assert (status, "mirror.example/app:2" in yaml.safe_dump(answer["spec"])) == (200, True)
    assert after == before


@pytest.mark.parametrize("path", WORKLOADS)
def test_a_dry_run_is_refused_as_the_change_would_be(kinds: DemoCluster, path: str) -> None:
    kinds.denials.append(Denial(webhook="signed.example", image="app:2", message="app:2 is not signed"))

    with Client(kinds) as client:
        status, answer = client.ask("PATCH", path, images(path, "app:2"), STRATEGIC, dryRun="All")

    assert status == 403
    assert 'admission webhook "signed.example" denied the request: app:2 is not signed' in answer["message"]


def test_a_quota_of_jobs_refuses_one_more_in_a_dry_run_too(kinds: DemoCluster) -> None:
    kinds.set_object_quota("default", "jobs.batch", 0)
    spec = document("upgrade")["spec"]["jobTemplate"]["spec"]
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "one"}, "spec": spec}

    with Client(kinds) as client:
        status, answer = client.ask("POST", f"{BATCH}/jobs", body, dryRun="All")

    assert (status, "exceeded quota: objects, requested: count/jobs.batch=1" in answer["message"]) == (
        403,
        True,
    )


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        (
            "upgrade",
            lambda it: it["spec"]["jobTemplate"]["spec"]["template"]["spec"].pop("restartPolicy"),
            'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
        ),
        ("upgrade", lambda it: it["spec"].update(schedule="daily"), "expected exactly 5 fields, found 1"),
        (
            "upgrade",
            lambda it: it["metadata"].update(name="u" * 53),
            "must be no more than 52 characters",
        ),
        (
            "db",
            lambda it: it["spec"]["template"]["spec"].update(restartPolicy="Never"),
            'Unsupported value: "Never": supported values: "Always"',
        ),
        (
            "db",
            lambda it: it["spec"]["template"]["spec"]["containers"][0].update(name="migrate"),
            'spec.template.spec.containers[0].name: Duplicate value: "migrate"',
        ),
        (
            "agent",
            lambda it: it["spec"].update(selector={"matchLabels": {"app": "else"}}),
            "`selector` does not match template `labels`",
        ),
        (
            "agent",
            lambda it: it["spec"]["template"]["spec"]["initContainers"][0].pop("image"),
            "spec.template.spec.initContainers[0].image: Required value",
        ),
    ],
)
def test_what_is_wrong_is_refused_in_the_api_servers_words(
    demo_cluster: DemoCluster, name: str, change: Any, words: str
) -> None:
    body = document(name)
    change(body)
    path = (
        f"{BATCH}/cronjobs"
        if name == "upgrade"
        else f"{APPS}/{'statefulsets' if name == 'db' else 'daemonsets'}"
    )

    with Client(demo_cluster) as client:
        status, answer = client.ask("POST", path, body)

    assert status == 422
    assert words in answer["message"]


@pytest.mark.parametrize(
    ("path", "patch", "words"),
    [
        (
            DB,
            {"spec": {"serviceName": "other"}},
            "updates to statefulset spec for fields other than 'replicas'",
        ),
        (
            AGENT,
            {
                "spec": {
                    "selector": {"matchLabels": {"app": "agent", "new": "1"}},
                    "template": {"metadata": {"labels": {"new": "1"}}},
                }
            },
            "field is immutable",
        ),
        (
            f"{BATCH}/jobs/one",
            {"spec": {"template": {"spec": {"dnsPolicy": "Default"}}}},
            "spec.template: Invalid value",
        ),
    ],
)
def test_what_may_not_change_does_not(kinds: DemoCluster, path: str, patch: Any, words: str) -> None:
    spec = document("upgrade")["spec"]["jobTemplate"]["spec"]
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "one"}, "spec": spec}

    with Client(kinds) as client:
        client.ask("POST", f"{BATCH}/jobs", body)
        status, answer = client.ask("PATCH", path, patch, MERGE)

    assert (status, words in answer["message"]) == (422, True)


@pytest.mark.parametrize(
    ("folders", "expected"), [((RBAC,), 403), ((RBAC, WORKLOADS_RBAC), 200)], ids=["base", "workloads"]
)
def test_other_kinds_take_the_roles_of_their_component(folders: tuple[Path, ...], expected: int) -> None:
    with DemoCluster(rbac=folders, start_seconds=0.05) as cluster:
        cluster.apply(KINDS.read_text())
        with Client(cluster, "headway") as client:
            answers = [client.ask("PATCH", path, images(path, "app:2"), STRATEGIC)[0] for path in WORKLOADS]
            deleted = client.ask("DELETE", DB)[0]

    assert (set(answers), deleted) == ({expected}, 403)
