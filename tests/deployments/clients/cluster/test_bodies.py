"""What is sent, as the API reference has it: the pod's spec as the server gave it, with other images."""

from copy import deepcopy
from typing import Any

import pytest
import yaml

from deployments.clients.cluster import NoSuchContainer, parse
from deployments.clients.cluster.bodies import check_containers, images_patch, job_body
from deployments.rules.workloads import all_images, matching_containers

OLD, NEW = "registry.example.com/acme/shop:3f9c2a1", "registry.example.com/acme/shop:da8a757"
SAME_IMAGE = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: shop, namespace: default, labels: {{app: shop}}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: shop}}}}
  template:
    metadata: {{labels: {{app: shop}}}}
    spec:
      initContainers:
        - {{name: migrate, image: "{OLD}", command: [./manage, migrate]}}
      containers:
        - {{name: shop, image: "{OLD}", ports: [{{containerPort: 8080}}]}}
        - {{name: proxy, image: "envoy:1"}}
"""
CRON_JOB: dict[str, Any] = {
    "metadata": {"name": "upgrade", "namespace": "default", "uid": "uid-upgrade"},
    "spec": {
        "suspend": True,
        "jobTemplate": {
            "metadata": {"labels": {"app": "shop"}, "annotations": {"team": "a"}},
            "spec": {
                "backoffLimit": 0,
                "fieldOfTomorrow": {"kept": [1, 2]},
                "template": {
                    "spec": {
                        "restartPolicy": "Never",
                        "initContainers": [
                            {"name": "wait", "image": OLD, "env": [{"name": "A", "value": "1"}]}
                        ],
                        "containers": [{"name": "upgrade", "image": OLD, "command": ["./manage", "migrate"]}],
                    }
                },
            },
        },
    },
}


def test_every_container_of_the_sites_image_is_in_one_patch_and_no_other_is() -> None:
    deployment = parse.deployment(yaml.safe_load(SAME_IMAGE))
    found = matching_containers(deployment, {"registry.example.com/acme/shop"})

    patch = images_patch(deployment, {each.name: NEW for each in found})

    assert patch == {
        "spec": {
            "initContainers": [{"name": "migrate", "image": NEW}],
            "containers": [{"name": "shop", "image": NEW}],
        }
    }


def test_a_job_has_its_cron_jobs_spec_with_the_new_images_and_names_its_owner() -> None:
    before = deepcopy(CRON_JOB)

    body = job_body(
        CRON_JOB,
        name="upgrade-7",
        images={"upgrade": NEW, "wait": NEW},
        annotations={"headway.dev/deploy": "7"},
    )

    expected = deepcopy(CRON_JOB["spec"]["jobTemplate"]["spec"])
    for place in ("initContainers", "containers"):
        expected["template"]["spec"][place][0]["image"] = NEW
    assert body["spec"] == expected
    assert body["metadata"] == {
        "name": "upgrade-7",
        "labels": {"app": "shop"},
        "annotations": {
            "cronjob.kubernetes.io/instantiate": "manual",
            "team": "a",
            "headway.dev/deploy": "7",
        },
        "ownerReferences": [
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "name": "upgrade",
                "uid": "uid-upgrade",
                "controller": True,
            }
        ],
    }
    assert before == CRON_JOB


@pytest.mark.parametrize(
    ("limits", "ttl", "is_owned", "kept_seconds"),
    [
        ({"successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}, None, True, None),
        ({"successfulJobsHistoryLimit": 0}, None, False, 3600),
        ({"failedJobsHistoryLimit": 0}, 86_400, False, 86_400),
        ({}, 0, True, 3600),
        ({}, 7200, True, 7200),
    ],
)
def test_a_job_is_kept_until_its_end_can_have_been_seen(
    limits: dict[str, int], ttl: int | None, is_owned: bool, kept_seconds: int | None
) -> None:
    cron_job = deepcopy(CRON_JOB)
    cron_job["spec"] |= limits
    if ttl is not None:
        cron_job["spec"]["jobTemplate"]["spec"]["ttlSecondsAfterFinished"] = ttl

    body = job_body(cron_job, name="upgrade-7", images={}, annotations={})

    assert body["metadata"]["ownerReferences"][0]["controller"] is is_owned
    assert body["spec"].get("ttlSecondsAfterFinished") == kept_seconds


def test_a_container_that_is_not_there_is_named_with_those_that_are() -> None:
    present = all_images(parse.cron_job(CRON_JOB))

    with pytest.raises(
        NoSuchContainer, match=r"The CronJob “upgrade” has no container “web”. .* It has upgrade, wait"
    ):
        check_containers("The CronJob “upgrade”", present=present, wanted={"upgrade": NEW, "web": NEW})
