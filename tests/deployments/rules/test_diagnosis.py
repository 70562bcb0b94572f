"""A new incident is a new file in cases/diagnosis: pods and events as the API server sent them, and the expected words."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from deployments.clients.cluster import parse
from deployments.rules.diagnosis import (
    Diagnosis,
    RolloutTimes,
    after_asking_the_registry,
    diagnose,
    pulls_under_way,
)
from deployments.rules.image_pulls import pull_problem
from deployments.rules.pods import Waiting
from deployments.rules.problems import cut
from deployments.rules.workloads import runs_image

CASES = sorted((Path(__file__).parent / "cases" / "diagnosis").glob("*.yaml"))


IMAGE = "registry.example.com/acme/shop:1"
NOW = datetime(2026, 11, 22, 10, 10, tzinfo=UTC)


def rollout_times(given):
    times = {name: datetime.fromisoformat(given[name]) for name in given if name.endswith("_at")}
    return RolloutTimes(**given | times)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_keeps_pods_from_getting_ready_is_said_as_its_case_expects(path):
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    pods = [parse.pod(each) for each in case["pods"]]

    diagnosis = diagnose(
        [pod for pod in pods if runs_image(pod, container=case["container"], image=case["image"])],
        [parse.event(each) for each in case["events"]],
        now=datetime.fromisoformat(case["now"]),
        times=rollout_times(case.get("times", {})),
    )

    stated = asdict(diagnosis) if diagnosis else None
    expected = case["expect"]
    assert (stated and {name: stated[name] for name in expected or stated}) == expected


def waits_for_its_pull(*, pulled_at=""):
    """One pod whose image is being pulled since 10:02; or that was, until then."""
    pod = {
        "metadata": {"name": "shop-5d4f8c7b9-x2k4p", "uid": "pod-1"},
        "spec": {"containers": [{"name": "web", "image": IMAGE}]},
        "status": {
            "phase": "Pending",
            "containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "ContainerCreating"}}}],
        },
    }
    times = {"Pulling": "2026-11-22T10:02:00Z", "Pulled": pulled_at}
    about = {"uid": "pod-1", "fieldPath": "spec.containers{web}"}
    events = [
        {"reason": reason, "involvedObject": about, "firstTimestamp": at, "lastTimestamp": at}
        for reason, at in times.items()
        if at
    ]
    return [parse.pod(pod)], [parse.event(each) for each in events]


def test_a_slow_pull_is_no_trouble_and_said_with_its_age():
    pods, events = waits_for_its_pull()

    problem = diagnose(pods, events, now=NOW)
    message = pulls_under_way(pods, events, now=NOW)

    assert problem is None
    assert message == "The image of “web” is being pulled, for 8 minutes so far."


def test_a_pull_that_has_ended_is_no_longer_reported():
    pods, events = waits_for_its_pull(pulled_at="2026-11-22T10:09:00Z")

    message = pulls_under_way(pods, events, now=NOW)

    assert message == ""


@pytest.mark.parametrize(
    "cause",
    [
        f"initializing source docker://{IMAGE}: StatusCode: 502, Bad Gateway",
        "Error response from daemon: pull access denied for acme/shop, repository does not exist",
        "no matching manifest for linux/arm64/v8 in the manifest list entries",
        "failed to copy: httpReadSeeker: failed open: content at https://r/v2/a/blobs/sha256:0f not found: not found",
    ],
    ids=["CRI-O", "Docker", "another processor", "a layer is gone"],
)
def test_a_failed_pull_reads_the_same_while_it_is_tried_and_while_the_kubelet_backs_off(cause):
    tried = Waiting(reason="ErrImagePull", message=f"rpc error: code = Unknown desc = {cause}")
    backs_off = Waiting(
        reason="ImagePullBackOff", message=f'Back-off pulling image "{IMAGE}": ErrImagePull: {tried.message}'
    )

    first, then = (pull_problem(IMAGE, each, []) for each in (tried, backs_off))

    assert first == then
    assert cut(cause) in first.message


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("403 Forbidden", "pull_denied"),
        ("not found", "pull_failed"),
        ("dial tcp: i/o timeout", "pull_failed"),
    ],
)
def test_a_part_of_an_image_that_is_refused_is_a_matter_of_access_and_one_that_is_gone_is_not_the_image(
    words, reason
):
    message = f"failed to copy: httpReadSeeker: failed open: https://r/v2/a/blobs/sha256:0f: {words}"

    problem = pull_problem(IMAGE, Waiting(reason="ErrImagePull", message=message), [])

    assert problem.reason == reason


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            True,
            "The cluster cannot pull shop:1: x509: unknown authority. The registry has it, and the cluster retries automatically.",
        ),
        (
            "no route",
            "The cluster cannot pull shop:1: x509: unknown authority. Whether the registry has it is not known: no route.",
        ),
    ],
)
def test_the_registrys_answer_is_added_to_the_kubelets_words(answer, expected):
    problem = Diagnosis("pull_failed", "…", certain=True, unpulled="shop:1", cause="x509: unknown authority")

    answered = after_asking_the_registry(problem, answer)

    assert (answered.message, answered.certain) == (expected, False)
