"""Whatever an API server leaves out, or sends instead: neither the parser nor a rule that reads what it made trips over it."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.clients.cluster import Listed, Pods, parse
from deployments.rules.diagnosis import diagnose
from deployments.rules.digest_check import check_digests, reported_digests
from deployments.rules.discovery import candidates
from deployments.rules.jobs import judge_job
from deployments.rules.managers import manager_of
from deployments.rules.new_pods import new_pods
from deployments.rules.restarts import restarted_pods
from deployments.rules.rollouts import judge_rollout
from deployments.rules.selectors import selector
from deployments.rules.workloads import (
    image_writer,
    is_settled,
    matching_containers,
    present_replica_set,
    running_images,
)
from tests.deployments.clients.cluster.api_objects import DEPLOYMENT, EVENT, POD, REPLICA_SET

IMAGE = "r.example/shop:1"
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
Path = tuple[str | int, ...]


def paths(thing: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    inside = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
    for key, value in inside:
        yield from paths(value, (*path, key))


@st.composite
def spoilt(draw: st.DrawFn, thing: dict[str, Any]) -> dict[str, Any]:
    """The object with one to three of its parts replaced by anything that JSON can hold."""
    changed = deepcopy(thing)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from([path for path in paths(changed) if path]))
        place = changed
        for step in way:
            place = place[step]
        place[last] = draw(ODD)
    return changed


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoilt(DEPLOYMENT), spoilt(REPLICA_SET), st.lists(spoilt(POD), max_size=2), spoilt(EVENT))
def test_nothing_trips_over_what_no_api_server_sends(
    deployment: dict[str, Any], replica_set: dict[str, Any], pods: list[dict[str, Any]], event: dict[str, Any]
) -> None:
    listed, found = Listed([deployment], parse.deployment), Pods([POD, *pods])
    workload, events = listed[0], [parse.event(event)]

    rollout = judge_rollout(workload, images={"web": IMAGE})
    diagnose(found, events, now=NOW)
    check_digests(found, container="web", same={"sha256:1"})
    reported_digests(found, container="web")
    running_images(workload, found.of_workload("shop"), container="web")
    restarted_pods(workload, found, at="2026-11-22T09:00:00Z")
    present_replica_set(workload, [parse.replica_set(replica_set)])
    list(candidates(listed, mapped=()))
    image_writer(workload, container="web")
    manager_of(workload)
    selector(workload.selector)
    is_settled(workload)

    assert rollout.message


@st.composite
def spoilt_workloads(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind = draw(st.sampled_from(sorted(parse.WORKLOADS)))
    thing = draw(spoilt(DEPLOYMENT))
    if kind == "CronJob":
        thing = thing | {"spec": {"jobTemplate": {"spec": thing.get("spec")}}}
    return kind, thing


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoilt_workloads(), spoilt(POD))
def test_no_kind_trips_over_what_no_api_server_sends(
    workload: tuple[str, dict[str, Any]], pod: dict[str, Any]
) -> None:
    kind, thing = workload
    read, found = parse.WORKLOADS[kind](thing), Pods([POD, pod])

    rollout = judge_rollout(read, images={"web": IMAGE, "migrate": IMAGE})
    new_pods(read, found)
    matching_containers(read, {"r.example/shop"})
    state = judge_job(parse.job(thing))

    assert rollout.message
    assert state.message
