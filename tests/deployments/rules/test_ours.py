"""Whose image a container has, by what the API server records; and who put another one back."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from deployments.clients.cluster import parse
from deployments.rules.ours import PutBack, is_ours, is_rewriting_of, marked_by, put_back, recorded_at
from deployments.rules.workloads import Workload

ASKED = "gcr.io/p/shop:" + "b" * 40
BEFORE = "gcr.io/p/shop:" + "a" * 40
DIGEST = "sha256:" + "d" * 64
OURS_AT, LATER, MUCH_LATER = "2026-11-28T10:00:00Z", "2026-11-28T10:00:40Z", "2026-11-28T10:02:00Z"


def wrote(manager: str, at: str, *, image: bool = True) -> dict[str, Any]:
    field = "f:image" if image else "f:env"
    inner = {"f:containers": {'k:{"name":"web"}': {field: {}}}}
    return {"manager": manager, "time": at, "fieldsV1": {"f:spec": {"f:template": {"f:spec": inner}}}}


def shop(image: str, *writers: dict[str, Any], mark: str = "7") -> Workload:
    metadata = {"name": "shop", "annotations": {"headway.dev/deploy": mark}, "managedFields": list(writers)}
    containers = [{"name": "web", "image": image}]
    return parse.deployment(
        {"metadata": metadata, "spec": {"template": {"spec": {"containers": containers}}}}
    )


def ours(deployment: Workload, **changes: Any) -> bool:
    return is_ours(deployment, **{"container": "web", "images": (ASKED, ""), "deploy_id": 7} | changes)


PINNED, MIRRORED = f"{ASKED}@{DIGEST}", f"mirror.local/{ASKED}"
WRITTEN_BY_US = wrote("headway", OURS_AT)
WRITTEN_SINCE = wrote("kubectl-set", LATER)


@pytest.mark.parametrize("image", [ASKED, PINNED, MIRRORED, f"gcr.io/p/shop@{DIGEST}", "Not An Image"])
def test_whatever_admission_makes_of_our_image_is_ours(image: str) -> None:
    assert ours(shop(image, WRITTEN_BY_US))


@pytest.mark.parametrize(
    "deployment",
    [
        pytest.param(shop(BEFORE, wrote("kubectl-set", OURS_AT)), id="never written by us"),
        pytest.param(shop(BEFORE, WRITTEN_BY_US, mark="6"), id="another Deploy's"),
        pytest.param(shop(BEFORE, WRITTEN_SINCE, wrote("headway", OURS_AT, image=False)), id="set since"),
        pytest.param(shop(BEFORE), id="nothing recorded"),
        pytest.param(shop(BEFORE, WRITTEN_BY_US, mark=""), id="no mark"),
        pytest.param(
            shop(BEFORE, WRITTEN_BY_US, mark="\N{ARABIC-INDIC DIGIT SEVEN}"),
            id="a mark that is no number of ours",
        ),
    ],
)
def test_another_image_is_not(deployment: Workload) -> None:
    assert not ours(deployment)


def test_what_the_api_server_answered_is_ours_even_if_others_apply_it_too() -> None:
    assert ours(shop(PINNED, wrote("argocd-controller", LATER)), images=(ASKED, PINNED))


def test_an_init_containers_image_is_ours_too() -> None:
    spec = {"initContainers": [{"name": "migrate", "image": ASKED}]}

    assert ours(parse.deployment({"spec": {"template": {"spec": spec}}}), container="migrate")


def test_a_container_that_is_gone_is_nobodys() -> None:
    assert not ours(shop(ASKED), container="proxy")


@pytest.mark.parametrize(("at", "expected"), [("2026-11-28T09:00:00Z", 7), (LATER, None)])
def test_a_restart_keeps_the_image_that_was_set_before_it(at: str, expected: int | None) -> None:
    restarted = shop(PINNED, wrote("kubectl-set", at), wrote("headway", OURS_AT, image=False))

    assert marked_by(restarted, container="web", sets_image=False) == expected


def test_who_puts_the_image_back_is_named_with_the_time_between() -> None:
    reverted = shop(BEFORE, wrote("headway", OURS_AT, image=False), wrote("argocd-controller", LATER))

    back = put_back(reverted, container="web", before=BEFORE)

    assert back == PutBack(by="argocd-controller", after=timedelta(seconds=40))


@pytest.mark.parametrize(
    ("patched_at", "seconds"),
    [
        pytest.param("2026-11-28T10:00:10.4+00:00", 29, id="half a minute later"),
        pytest.param("2026-11-28T10:00:40.7+00:00", 0, id="within the second that the record names"),
        pytest.param("2026-11-28T09:58:00+00:00", None, id="too late"),
        pytest.param("2026-11-28T10:05:00+00:00", None, id="before our patch"),
    ],
)
def test_one_that_replaces_the_whole_object_leaves_no_record_of_us_and_is_named(
    patched_at: str, seconds: int | None
) -> None:
    replaced = shop(BEFORE, wrote("argocd-controller", LATER), mark="")

    back = put_back(replaced, container="web", before=BEFORE, patched_at=datetime.fromisoformat(patched_at))

    assert (back and int(back.after.total_seconds())) == seconds


@pytest.mark.parametrize(
    "deployment",
    [
        pytest.param(
            shop(BEFORE, wrote("headway", OURS_AT, image=False), wrote("ci", MUCH_LATER)), id="too late"
        ),
        pytest.param(shop("gcr.io/p/shop:x", WRITTEN_SINCE, WRITTEN_BY_US), id="another image"),
        pytest.param(shop(BEFORE, WRITTEN_BY_US), id="ourselves"),
        pytest.param(shop(BEFORE, WRITTEN_SINCE), id="no record of us"),
    ],
)
def test_another_change_is_not_put_back(deployment: Workload) -> None:
    assert put_back(deployment, container="web", before=BEFORE) is None


@pytest.mark.parametrize(("mark", "expected"), [("7", OURS_AT), ("6", None), ("", None)])
def test_the_cluster_says_when_a_deploy_changed_the_workload(mark: str, expected: str | None) -> None:
    changed = shop(ASKED, wrote("kubectl-edit", LATER, image=False), WRITTEN_BY_US, mark=mark)

    at = recorded_at(changed, deploy_id=7)

    assert at == (expected and datetime.fromisoformat(expected))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (ASKED, True),
        (PINNED, True),
        (MIRRORED, True),
        (f"mirror.local/p/shop@{DIGEST}", True),
        (BEFORE, False),
        (f"gcr.io/p/shop@sha256:{'e' * 64}", False),
        ("Not An Image", False),
    ],
)
def test_a_rewriting_has_the_same_tag_or_is_that_build(image: str, expected: bool) -> None:
    assert is_rewriting_of(image, asked=ASKED, digest=DIGEST) is expected
