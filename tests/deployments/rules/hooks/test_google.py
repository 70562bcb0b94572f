"""What Google sends: in an envelope or not, and whatever else there may be."""

import base64
import json
from typing import Any

import pytest

from deployments.rules.hooks.google import hint_of, message_in

SHA = "b" * 40
BUILD = {
    "id": "b1",
    "status": "SUCCESS",
    "substitutions": {"COMMIT_SHA": SHA, "REPO_FULL_NAME": "icco/cron", "BRANCH_NAME": "main"},
    "results": {"images": [{"name": f"gcr.io/icco-cloud/cron:{SHA}", "digest": "sha256:aa"}]},
}


def wrapped(data: object, **message: str) -> dict[str, Any]:
    encoded = base64.b64encode(json.dumps(data).encode()).decode()
    return {
        "message": {"data": encoded, "attributes": {}, **message},
        "subscription": "projects/p/subscriptions/s",
    }


@pytest.mark.parametrize("name", ["messageId", "message_id"])
def test_the_envelope_is_opened(name: str) -> None:
    message = message_in(wrapped(BUILD, **{name: "7"}))

    assert (message.id, message.data) == ("7", BUILD)


def test_without_an_envelope_the_body_is_the_message() -> None:
    assert message_in(BUILD).data == BUILD


@pytest.mark.parametrize("data", [None, 7, "", "%%%", base64.b64encode(b"{").decode(), {"a": 1}])
def test_a_message_that_holds_no_json_holds_nothing(data: Any) -> None:
    assert message_in({"message": {"data": data, "messageId": "1"}}).data is None


def test_a_build_names_its_repository_its_commit_and_its_images() -> None:
    hint = hint_of(BUILD)

    assert (hint.repositories, hint.branches, hint.sha) == (("icco/cron",), ("main",), SHA)
    assert [str(each) for each in hint.images] == ["gcr.io/icco-cloud/cron"]
    assert not hint.is_push


@pytest.mark.parametrize("status", ["QUEUED", "WORKING", "PENDING"])
def test_a_build_that_is_not_over_is_left(status: str) -> None:
    assert hint_of(BUILD | {"status": status}).ignored == "The build is not over yet."


@pytest.mark.parametrize(
    ("data", "images"),
    [
        (
            {"action": "INSERT", "digest": "gcr.io/p/a@sha256:" + "6" * 64, "tag": "gcr.io/p/a:1.1"},
            ["gcr.io/p/a"],
        ),
        ({"action": "INSERT", "tag": "us-east1-docker.pkg.dev/p/r/a:1"}, ["us-east1-docker.pkg.dev/p/r/a"]),
    ],
)
def test_a_tag_that_was_pushed_names_its_image(data: Any, images: list[str]) -> None:
    hint = hint_of(data)

    assert ([str(each) for each in hint.images], hint.ignored) == (images, "")


@pytest.mark.parametrize(
    "data",
    [
        {"action": "DELETE", "tag": "gcr.io/p/a:1"},
        {"action": "INSERT", "digest": "gcr.io/p/a@sha256:" + "6" * 64},
    ],
)
def test_a_deletion_and_a_digest_alone_are_left(data: Any) -> None:
    assert hint_of(data).ignored


def test_a_schedule_asks_for_a_sync_of_everything() -> None:
    assert hint_of({"job": "sync"}).everything


@pytest.mark.parametrize(
    "data", [None, 1, "sync", [], {}, {"job": "rm"}, {"status": "SUCCESS"}, {"action": 1, "tag": []}]
)
def test_junk_is_acknowledged(data: Any) -> None:
    hint = hint_of(data)

    assert "acknowledged" in hint.ignored
    assert not hint.everything
