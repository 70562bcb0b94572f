"""What a container does once it has been started, chosen by its image."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from simulators.cluster.simulated_time import monotonic


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """What keeps a whole pod from starting: the event that says so, again and again, and for how long; None is forever."""

    reason: str
    message: str
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How the containers of one image behave.

    `exit_code` None runs forever; anything else ends the process soon after its start, again and again;
    one that is not `alive` is ended by the kubelet, since its liveness probe fails.
    `slow_seconds` replaces the cluster's own `start_seconds`. `answers` is the HTTP status of a site whose pods run it.
    A startup probe, where the pod has one, passes after as long. `pull_seconds` is how long its pull takes, `pull_error` what the
    registry sends the kubelet instead of the image, and `config_error` what keeps the container from being made, such as
    `configmap "cron" not found`, under `waiting_reason`. `obstacle` is what its pod meets before. `gate_closed` is why a
    readiness gate stays closed; one opens a moment after the containers are ready. `job_exit_code` and `job_log` are how it ends
    where it is run to completion, as a Job's pods are, after `slow_seconds`: the same image may serve well, and fail to migrate.
    `lasts_seconds` is how long all this lasts since its first pod came to a node; then the image is healthy. None: forever.
    """

    schedulable: bool = True
    ready: bool = True
    exit_code: int | None = None
    exit_reason: str = "Error"
    alive: bool = True
    slow_seconds: float | None = None
    log: tuple[str, ...] = ("Listening on port 8080.",)
    answers: int = 200
    pull_error: str = ""
    pull_seconds: float = 0.0
    config_error: str = ""
    waiting_reason: str = "CreateContainerConfigError"
    obstacle: Obstacle | None = None
    gate_closed: str = ""
    job_exit_code: int = 0
    job_log: tuple[str, ...] = ("Done.",)
    lasts_seconds: float | None = None

    def for_seconds(self, seconds: float) -> "Behaviour":
        """The same trouble, which passes."""
        return replace(self, lasts_seconds=seconds)

    def with_log(self, *lines: str) -> "Behaviour":
        return replace(self, log=lines)


HEALTHY = Behaviour()
UNREADY = Behaviour(ready=False)


class Lasting:
    """What images do at this moment, given what they do for as long as that lasts."""

    def __init__(self, declared: Callable[[str], Behaviour]) -> None:
        self._declared = declared
        self._met_at: dict[str, float] = {}

    def __call__(self, image: str) -> Behaviour:
        declared = self._declared(image)
        if declared.lasts_seconds is None:
            return declared
        since = self._met_at.setdefault(image, monotonic())
        return declared if monotonic() - since < declared.lasts_seconds else HEALTHY


UNSCHEDULABLE = Behaviour(schedulable=False)
PULL_DENIED = Behaviour(
    pull_error="failed to authorize: failed to fetch oauth token: unexpected status from GET request to "
    "https://auth.example.com/token?service=registry.example.com: 403 Forbidden"
)
REGISTRY_DOWN = Behaviour(
    pull_error="unexpected status from HEAD request to https://registry.example.com/v2/: 503 Service Unavailable"
)
NOT_ALIVE = Behaviour(alive=False, exit_code=137, log=("Waiting for the database.",))
OOM = Behaviour(exit_code=137, exit_reason="OOMKilled", log=("Loading everything into memory.",))


def CRASHES(exit_code: int = 1, log: tuple[str, ...] = ("Error: no such table: users",)) -> Behaviour:
    """A process that prints `log` and ends with `exit_code`, at every start."""
    return Behaviour(exit_code=exit_code, log=log, exit_reason="Error" if exit_code else "Completed")


def SLOW(seconds: float) -> Behaviour:
    """A process that becomes ready only after `seconds`."""
    return Behaviour(slow_seconds=seconds)


def ANSWERS(status: int) -> Behaviour:
    """A process that is ready, and answers every visitor with this status."""
    return Behaviour(answers=status, log=("Listening on port 8080.", f"GET / {status}"))


def LACKS_CONFIG(message: str = 'configmap "settings" not found') -> Behaviour:
    """A container whose environment comes from a ConfigMap or a Secret that is not there."""
    return Behaviour(config_error=message)


def STUCK(reason: str, message: str) -> Behaviour:
    """A container that waits for this reason of the kubelet's, such as `ImageInspectError`."""
    return Behaviour(waiting_reason=reason, config_error=message)


def PULLS_FOR(seconds: float) -> Behaviour:
    """A large image, or a slow registry."""
    return Behaviour(pull_seconds=seconds)


def ATTACHES_AFTER(seconds: float | None = None) -> Behaviour:
    """A volume that another node still holds."""
    message = (
        'Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node '
        "and can't be attached to another"
    )
    return Behaviour(obstacle=Obstacle(reason="FailedAttachVolume", message=message, seconds=seconds))


def MOUNTS_AFTER(
    seconds: float | None = None,
    message: str = 'MountVolume.SetUp failed for volume "kube-api-access-x7k2p" : failed to sync configmap cache: '
    "timed out waiting for the condition",
) -> Behaviour:
    """A volume that cannot be mounted at once, or never: a Secret may be missing."""
    return Behaviour(obstacle=Obstacle(reason="FailedMount", message=message, seconds=seconds))


def NO_SANDBOX(seconds: float | None = None) -> Behaviour:
    """A network that has no address for the pod."""
    message = (
        "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "
        '"8a": plugin type="cni" failed (add): add cmd: failed to assign an IP address to container'
    )
    return Behaviour(obstacle=Obstacle(reason="FailedCreatePodSandBox", message=message, seconds=seconds))


def GATE_CLOSED(message: str = "Health checks failed with these codes: [404]") -> Behaviour:
    """A load balancer that does not take the pod, though its containers are ready."""
    return Behaviour(gate_closed=message)


def FAILS_AS_JOB(
    exit_code: int = 1, log: tuple[str, ...] = ("Applying 0042…", "Error: column orders.total does not exist")
) -> Behaviour:
    """An image whose Jobs print `log` and fail, while its other pods are healthy."""
    return Behaviour(job_exit_code=exit_code, job_log=log)
