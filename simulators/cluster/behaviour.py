"""What a container does once it has been started, chosen by its image."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How the containers of one image behave.

    `exit_code` None runs for ever; anything else ends the process soon after its start, again and again;
    one that is not `alive` is ended by the kubelet, since its liveness probe fails.
    `slow_seconds` replaces the cluster's own `start_seconds`. `answers` is the HTTP status of a site whose pods run it.
    `pull_error` is what the registry tells the kubelet instead of the image, and `config_error` what keeps the container from
    being made, such as `configmap "cron" not found`.
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
    config_error: str = ""

    def with_log(self, *lines: str) -> "Behaviour":
        return replace(self, log=lines)


HEALTHY = Behaviour()
UNREADY = Behaviour(ready=False)
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
