"""What a container does once it has been started, chosen by its image."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How the containers of one image behave.

    `exit_code` None runs for ever; anything else ends the process soon after its start, again and again.
    `slow_seconds` replaces the cluster's own `start_seconds`. `answers` is the HTTP status of a site whose pods run it.
    """

    schedulable: bool = True
    ready: bool = True
    exit_code: int | None = None
    exit_reason: str = "Error"
    slow_seconds: float | None = None
    log: tuple[str, ...] = ("Listening on port 8080.",)
    answers: int = 200

    def with_log(self, *lines: str) -> "Behaviour":
        return replace(self, log=lines)


HEALTHY = Behaviour()
UNREADY = Behaviour(ready=False)
UNSCHEDULABLE = Behaviour(schedulable=False)
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
