"""What registries post, each in its own way."""

from typing import Any

import pytest

from deployments.rules.hooks.hint import UnreadableHook
from deployments.rules.hooks.image import hint_of

PUSHED: list[tuple[str, Any, list[str]]] = [
    (
        "docker hub",
        {
            "callback_url": "https://registry.hub.docker.com/u/icco/cron/hook/2",
            "push_data": {"pushed_at": 1417566161, "pusher": "icco", "tag": "latest"},
            "repository": {"repo_name": "icco/cron", "name": "cron", "namespace": "icco"},
        },
        ["docker.io/icco/cron"],
    ),
    (
        "distribution",
        {
            "events": [
                {
                    "id": "320678d8",
                    "action": "push",
                    "target": {
                        "mediaType": "application/vnd.oci.image.index.v1+json",
                        "digest": "sha256:fe",
                        "repository": "icco-cloud/cron",
                        "url": "http://registry:5000/v2/icco-cloud/cron/manifests/sha256:fe",
                        "tag": "abc",
                    },
                    "request": {"host": "registry:5000", "method": "PUT"},
                },
                {"action": "push", "target": {"repository": "icco-cloud/layer", "digest": "sha256:aa"}},
                {"action": "pull", "target": {"repository": "icco-cloud/pulled", "tag": "x"}},
            ]
        },
        ["icco-cloud/cron"],
    ),
    (
        "azure",
        {
            "id": "cb8c3971",
            "action": "push",
            "target": {"repository": "cron", "tag": "v1", "mediaType": "application/vnd.docker.x"},
            "request": {"host": "myregistry.azurecr.io"},
        },
        ["cron"],
    ),
    (
        "harbor",
        {
            "type": "PUSH_ARTIFACT",
            "event_data": {
                "resources": [
                    {"digest": "sha256:8a", "tag": "1.0", "resource_url": "hub.acme.com/library/cron:1.0"}
                ],
                "repository": {"name": "cron", "namespace": "library", "repo_full_name": "library/cron"},
            },
        },
        ["hub.acme.com/library/cron"],
    ),
    (
        "harbor as cloud event",
        {
            "specversion": "1.0",
            "type": "harbor.artifact.pushed",
            "data": {"resources": [], "repository": {"repo_full_name": "library/cron"}},
        },
        ["library/cron"],
    ),
    (
        "quay",
        {
            "name": "cron",
            "repository": "mynamespace/cron",
            "docker_url": "quay.io/mynamespace/cron",
            "updated_tags": ["latest"],
        },
        ["quay.io/mynamespace/cron"],
    ),
    (
        "artifactory",
        {
            "domain": "docker",
            "event_type": "pushed",
            "data": {
                "image_name": "icco/cron",
                "name": "manifest.json",
                "repo_key": "docker-local",
                "tag": "1",
            },
            "jpd_origin": "https://acme.jfrog.io/artifactory",
        },
        ["icco/cron", "docker-local/icco/cron"],
    ),
    (
        "amazon",
        {
            "account": "123456789012",
            "region": "eu-central-1",
            "detail": {
                "action-type": "PUSH",
                "repository-name": "icco/cron",
                "image-tag": "1",
                "result": "SUCCESS",
            },
        },
        ["123456789012.dkr.ecr.eu-central-1.amazonaws.com/icco/cron"],
    ),
    (
        "amazon in china, replicated",
        {
            "account": "123456789012",
            "region": "cn-north-1",
            "detail-type": "ECR Replication Action",
            "detail": {"action-type": "REPLICATE", "repository-name": "icco/cron", "result": "SUCCESS"},
        },
        ["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/icco/cron"],
    ),
    (
        "artifactory, promoted",
        {
            "domain": "docker",
            "event_type": "promoted",
            "data": {"image_name": "icco/cron", "repo_key": "docker-prod", "tag": "1"},
        },
        ["icco/cron", "docker-prod/icco/cron"],
    ),
    (
        "nexus",
        {
            "action": "CREATED",
            "repositoryName": "docker-hosted",
            "component": {"format": "docker", "name": "icco/cron", "group": None, "version": "1.0"},
        },
        ["icco/cron", "docker-hosted/icco/cron"],
    ),
    ("a script", {"image": "registry.example.com/cron:1.0"}, ["registry.example.com/cron"]),
    ("a script's list", {"images": ["ghcr.io/icco/a:1", "ghcr.io/icco/a:2", 7]}, ["ghcr.io/icco/a"]),
    ("plain text", "ghcr.io/icco/a:1\n", ["ghcr.io/icco/a"]),
]
NOTHING = [
    {"events": [{"action": "pull", "target": {"repository": "a", "tag": "b"}}]},
    {"events": [{"action": "push", "target": {"repository": "a", "digest": "sha256:aa"}}]},
    {"events": []},
    {"id": "8f1a", "timestamp": "2026-11-28T18:00:00Z", "action": "ping"},
    {"zen": "Design for failure.", "hook_id": 1, "hook": {"events": ["package"]}},
    {"type": "PULL_ARTIFACT", "event_data": {}},
    {"domain": "docker", "event_type": "deleted", "data": {}},
    {"detail": {"action-type": "DELETE", "repository-name": "x"}},
    {"detail": {"action-type": "PUSH", "repository-name": "x", "result": "FAILURE"}},
    {"action": "DELETED", "component": {"format": "docker", "name": "x", "version": "1"}},
    {"action": "CREATED", "component": {"format": "npm", "name": "x", "version": "1"}},
]
UNREADABLE = [
    None,
    7,
    [],
    {},
    {"image": 7},
    {"image": "NOT AN IMAGE"},
    {"images": []},
    "",
    "two words",
    {"repository": {"repo_name": {}}},
]


@pytest.mark.parametrize(
    ("payload", "expected"), [each[1:] for each in PUSHED], ids=[each[0] for each in PUSHED]
)
def test_the_image_that_was_pushed_is_found(payload: Any, expected: list[str]) -> None:
    hint = hint_of(payload)

    assert ([str(each) for each in hint.images], hint.ignored) == (expected, "")


@pytest.mark.parametrize("payload", NOTHING)
def test_what_pushed_nothing_says_so(payload: Any) -> None:
    assert hint_of(payload).ignored


@pytest.mark.parametrize("payload", UNREADABLE)
def test_anything_else_reads_what_is_expected(payload: Any) -> None:
    with pytest.raises(UnreadableHook, match="This names no image"):
        hint_of(payload)
