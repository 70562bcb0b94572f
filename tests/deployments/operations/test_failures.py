"""Every way in which a rollout fails, and the sentence that a person reads, word for word."""

import re
from collections.abc import Callable

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Observation, Status
from simulators.cluster import (
    CRASHES,
    LACKS_CONFIG,
    NOT_ALIVE,
    OOM,
    PULL_DENIED,
    REGISTRY_DOWN,
    UNREADY,
    UNSCHEDULABLE,
    Behaviour,
)
from tests.deployments.operations.following import HOST, NAME, Clock, rolled_out, see_through, stated
from tests.factories import observe

pytestmark = pytest.mark.usefixtures("sites")


def wait_for_status(world: World, holds: Callable[[dict], bool]) -> None:
    """Wait until one container, init or not, is in that state."""

    def seen() -> bool:
        return any(
            holds(status)
            for pod in world.cluster.pods(NAMESPACE, NAME)
            for key in ("initContainerStatuses", "containerStatuses")
            for status in pod["status"].get(key, [])
        )

    world.cluster.wait_until(seen)


def wait_for_reason(world: World, *reasons: str) -> None:
    wait_for_status(world, lambda status: status["state"].get("waiting", {}).get("reason") in reasons)


def wait_for_event(world: World, reason: str) -> None:
    world.cluster.wait_until(
        lambda: any(event["reason"] == reason for event in world.cluster.store.all_of("events", NAMESPACE))
    )


def message_of(deploy: Deploy) -> str:
    """Return the sentence, with a number of restarts and a pod's name that are the same every time."""
    text = re.sub(r"restarted (\d+ times|once)", "restarted N times", deploy.message)
    text = re.sub(r"\d+ restarts?\b", "N restarts", text)
    return re.sub(rf'"{NAME}-[a-z0-9]+-[a-z0-9]+"', '"POD"', text)


@pytest.mark.parametrize(
    ("behaviour", "expected", "log"),
    [
        pytest.param(
            CRASHES(3, ("Starting…", "no such table: users")),
            ("crash", "Container “cacophony” keeps crashing (exit code 3, N restarts). Read its log."),
            "Starting…\nno such table: users",
            id="crash",
        ),
        pytest.param(
            OOM,
            (
                "out_of_memory",
                "“cacophony” ran out of memory, restarted N times. Raise its limit, or roll back.",
            ),
            "Loading everything into memory.",
            id="out of memory",
        ),
        pytest.param(
            NOT_ALIVE,
            (
                "liveness",
                "“cacophony” does not pass its liveness probe, restarted N times: HTTP probe failed with statuscode: 500.",
            ),
            "Waiting for the database.",
            id="liveness",
        ),
    ],
)
def test_a_container_that_ends_fails_it_with_its_last_lines(
    world: World, clients: Clients, behaviour: Behaviour, expected: tuple[str, str], log: str
) -> None:
    deploy = rolled_out(world, clients, behaviour)
    wait_for_status(world, lambda status: bool(status.get("restartCount")))

    see_through(deploy, clients, clock=Clock(minutes=3))

    assert deploy.status == Status.FAILED
    assert (deploy.reason, message_of(deploy)) == expected
    assert deploy.log == log


def test_a_container_that_is_never_ready_fails_with_what_its_probe_says(
    world: World, clients: Clients
) -> None:
    deploy = rolled_out(world, clients, UNREADY)
    wait_for_event(world, "Unhealthy")

    see_through(deploy, clients, clock=Clock(minutes=11))

    assert deploy.status == Status.FAILED
    assert deploy.message == (
        "“cacophony” runs and does not pass its readiness probe: HTTP probe failed with statuscode: 503."
    )
    assert deploy.log == "Listening on port 8080."


def test_an_image_that_its_registry_lacks_fails_it(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, Behaviour(pull_error="manifest unknown"))
    path, tag = deploy.image.removeprefix(f"{world.registry.host}/").rsplit(":", 1)
    world.registry.remove(path, tag)
    wait_for_reason(world, "ErrImagePull", "ImagePullBackOff")

    see_through(deploy, clients, clock=Clock(minutes=3))

    assert (deploy.status, deploy.reason) == (Status.FAILED, "image_not_found")
    assert deploy.message == (
        f"The image {deploy.image} does not exist in its registry. Build it, or deploy another commit."
    )


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Behaviour(pull_error="manifest unknown"), "manifest unknown"),
        (REGISTRY_DOWN, "503 Service Unavailable"),
        (Behaviour(pull_error="write /var/lib: no space left on device"), "no space left on device"),
    ],
)
def test_an_image_that_its_registry_has_is_waited_for(
    world: World, clients: Clients, behaviour: Behaviour, words: str
) -> None:
    deploy = rolled_out(world, clients, behaviour)
    wait_for_reason(world, "ErrImagePull", "ImagePullBackOff")

    has_it = f"{words}. The registry has it, and the cluster retries automatically."

    see_through(deploy, clients, clock=Clock(minutes=3), until=lambda deploy: deploy.message.endswith(has_it))

    assert deploy.status == Status.ROLLING_OUT
    assert deploy.message.startswith(f"The cluster cannot pull {deploy.image}: ")
    assert deploy.message.endswith(has_it)


def test_a_registry_that_is_down_is_no_reason_to_give_up(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, REGISTRY_DOWN)
    wait_for_reason(world, "ErrImagePull", "ImagePullBackOff")
    world.registry.fail_next(503, 99)

    unknown = "503 Service Unavailable. Whether the registry has it is not known: "

    see_through(deploy, clients, clock=Clock(minutes=3), until=lambda deploy: unknown in deploy.message)

    assert deploy.status == Status.ROLLING_OUT
    assert unknown in deploy.message


def test_a_pull_that_is_denied_fails_it(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, PULL_DENIED)
    wait_for_event(world, "BackOff")

    see_through(deploy, clients, clock=Clock(minutes=3))

    assert deploy.status == Status.FAILED
    assert deploy.message == (
        f"The cluster may not pull {deploy.image}. Give it access to the registry. The registry said: failed to authorize: "
        "failed to fetch oauth token: unexpected status from GET request to "
        "https://auth.example.com/token?service=registry.example.com: 403 Forbidden."
    )
    assert deploy.log == ""


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (
            UNSCHEDULABLE,
            (
                "No node takes the pod: 0/3 nodes are available: 3 Insufficient memory. "
                "preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
            ),
        ),
        (
            LACKS_CONFIG('configmap "cacophony" not found'),
            '“cacophony” cannot start: configmap "cacophony" not found. Create what is missing, or correct its name.',
        ),
        (
            LACKS_CONFIG("couldn't find key dsn in Secret default/cacophony"),
            (
                "“cacophony” cannot start: couldn't find key dsn in Secret default/cacophony. "
                "Create what is missing, or correct its name."
            ),
        ),
    ],
)
def test_a_pod_that_cannot_start_fails_it(
    world: World, clients: Clients, behaviour: Behaviour, message: str
) -> None:
    deploy = rolled_out(world, clients, behaviour)
    wait_for_event(world, "Failed" if behaviour.config_error else "FailedScheduling")

    see_through(deploy, clients, clock=Clock(minutes=11))

    assert (deploy.status, deploy.log) == (Status.FAILED, "")
    assert deploy.message == message


def test_a_quota_without_room_fails_it(world: World, clients: Clients) -> None:
    pods = sum(len(world.cluster.pods(NAMESPACE, each.deployment)) for each in world.mappings.values())
    world.cluster.set_pod_quota(NAMESPACE, pods)
    deploy = rolled_out(world, clients)
    wait_for_event(world, "FailedCreate")

    see_through(deploy, clients, clock=Clock(minutes=11))

    assert (deploy.status, deploy.reason) == (Status.FAILED, "quota")
    assert message_of(deploy) == (
        'The namespace\'s quota leaves no room for a new pod: Error creating: pods "POD" is forbidden: '
        f"exceeded quota: pods, requested: pods=1, used: pods={pods}, limited: pods={pods}."
    )


def test_an_init_container_that_fails_is_named_with_its_last_lines(world: World, clients: Clients) -> None:
    migrate = "gcr.io/icco-cloud/migrate:1"
    world.cluster.delete_deployment(NAMESPACE, NAME)
    world.cluster.create_deployment(
        NAMESPACE,
        NAME,
        containers={NAME: world.image(HOST)},
        init_containers={"migrate": migrate},
        settled=True,
    )
    world.behaviours[migrate] = CRASHES(1, ("column users.name does not exist",))
    deploy = rolled_out(world, clients)
    wait_for_status(world, lambda status: bool(status.get("restartCount")))

    see_through(deploy, clients, clock=Clock(minutes=3))

    assert (deploy.status, deploy.reason) == (Status.FAILED, "init_container")
    assert message_of(deploy) == (
        "Init container “migrate” keeps crashing (exit code 1, N restarts). Read its log."
    )
    assert deploy.log == "column users.name does not exist"


def test_what_a_container_prints_is_kept_as_text_of_at_most_8_kilobytes(
    world: World, clients: Clients
) -> None:
    lines = ("\x1b[31mred\x1b[0m\x00" + "ü" * 9000, "<script>alert(1)</script>")
    deploy = rolled_out(world, clients, CRASHES(1, lines))
    wait_for_status(world, lambda status: bool(status.get("restartCount")))

    see_through(deploy, clients, clock=Clock(minutes=3))

    assert deploy.log.endswith("ü\n<script>alert(1)</script>")
    assert 8000 < len(deploy.log.encode()) <= 8192


def test_events_that_may_not_be_read_do_not_blind_the_follower(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, CRASHES(3))
    wait_for_status(world, lambda status: bool(status.get("restartCount")))
    world.cluster.fail_next(403, times=99, path_contains="/events")

    see_through(deploy, clients, clock=Clock(minutes=3))

    assert (
        message_of(deploy) == "Container “cacophony” keeps crashing (exit code 3, N restarts). Read its log."
    )


def test_a_paused_deployment_is_changed_and_not_waited_for(world: World, clients: Clients) -> None:
    world.cluster.delete_deployment(NAMESPACE, NAME)
    world.cluster.create_deployment(
        NAMESPACE, NAME, containers={NAME: world.image(HOST)}, settled=True, paused=True
    )
    before = world.repository(HOST).head
    deploy = rolled_out(world, clients)

    see_through(deploy, clients)
    observe(clients)

    message = "Applied. The Deployment is paused, so its pods are not replaced. Resume it with kubectl rollout resume."
    assert (deploy.status, deploy.message) == (Status.SUCCEEDED, message)
    assert Observation.objects.get(site__host=HOST).running_sha == before


def test_a_deployment_scaled_to_zero_succeeds_at_once_and_says_so(world: World, clients: Clients) -> None:
    world.cluster.scale(NAMESPACE, NAME, 0)
    world.cluster.settle_now()
    deploy = rolled_out(world, clients)

    see_through(deploy, clients)

    assert deploy.status == Status.SUCCEEDED
    assert deploy.message == "Applied. No pods run, because the Deployment is scaled to zero."
    assert world.sites.visits == []
    assert stated(deploy)[-1] == deploy.message
