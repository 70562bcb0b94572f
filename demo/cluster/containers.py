"""One container's life: pulled, started, ready or crashing, and started again."""

from collections.abc import Callable
from dataclasses import dataclass

from demo.cluster.behaviour import Behaviour
from demo.cluster.clock import Clock
from demo.cluster.events import Recorder, Voice
from demo.cluster.kinds import PODS, Json
from demo.cluster.logs import Logs
from demo.cluster.names import new_uid, timestamp
from demo.cluster.pods import running_status, waiting, with_conditions
from demo.cluster.store import Store

PodKey = tuple[str, str, str]
_BACK_OFF_AT_MOST = 16


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What the outside decides: which images there are, and how their containers behave.

    `start_seconds` is the time from a pod's creation to its readiness; back-offs are multiples of it.
    """

    image_exists: Callable[[str], bool]
    behaviour: Callable[[str], Behaviour]
    start_seconds: float


class Containers:
    def __init__(self, store: Store, clock: Clock, recorder: Recorder, habits: Habits) -> None:
        self.logs = Logs(habits.behaviour)
        self._store = store
        self._clock = clock
        self._voice = Voice(recorder, "kubelet")
        self._habits = habits

    def begin(self, key: PodKey, container: Json) -> None:
        """Starts the container of a pod that has just been scheduled."""
        self._later(self._pause, self._pull, key, container["name"], container["image"], 1)

    def find(self, key: PodKey) -> Json | None:
        """The pod, if it is still there and is to live."""
        pod = self._store.find(PODS.plural, key[0], key[1])
        alive = (
            pod is not None
            and pod["metadata"]["uid"] == key[2]
            and "deletionTimestamp" not in pod["metadata"]
        )
        return pod if alive else None

    @property
    def _pause(self) -> float:
        return self._habits.start_seconds / 4

    def _later(
        self, seconds: float, step: Callable[..., None], *arguments: object, patient: bool = False
    ) -> None:
        self._clock.call_later(seconds, lambda: step(*arguments), patient=patient)

    def _say(self, pod: Json, container: str, reason: str, message: str, *, warning: bool = False) -> None:
        self._voice.say(pod, reason, message, warning=warning, field=f"spec.containers{{{container}}}")

    def _update(self, key: PodKey, name: str, change: Callable[[Json], Json]) -> Json | None:
        """Changes one container's status; the pod as it is then, None when it is gone."""
        with self._store.lock:
            pod = self.find(key)
            if pod is None:
                return None
            statuses = [
                change(one) if one["name"] == name else one for one in pod["status"]["containerStatuses"]
            ]
            changed = with_conditions({**pod, "status": {**pod["status"], "containerStatuses": statuses}})
            return self._store.replace(PODS.plural, changed)

    def _pull(self, key: PodKey, name: str, image: str, attempt: int) -> None:
        pod = self.find(key)
        if pod is None:
            return
        self._say(pod, name, "Pulling", f'Pulling image "{image}"')
        if self._habits.image_exists(image):
            self._say(pod, name, "Pulled", f'Successfully pulled image "{image}" in {self._pause:.3g}s')
            self._start(key, name, image)
            return
        trouble = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'
        message = f"rpc error: code = NotFound desc = {trouble}"
        self._update(key, name, lambda one: {**one, "state": waiting("ErrImagePull", message)})
        self._say(pod, name, "Failed", f'Failed to pull image "{image}": {message}', warning=True)
        self._say(pod, name, "Failed", "Error: ErrImagePull", warning=True)
        self._later(self._pause, self._back_off_pull, key, name, image, attempt)

    def _back_off_pull(self, key: PodKey, name: str, image: str, attempt: int) -> None:
        message = f'Back-off pulling image "{image}"'
        pod = self._update(key, name, lambda one: {**one, "state": waiting("ImagePullBackOff", message)})
        if pod is None:
            return
        self._say(pod, name, "BackOff", message)
        self._say(pod, name, "Failed", "Error: ImagePullBackOff", warning=True)
        self._later(self._back_off(attempt), self._pull, key, name, image, attempt + 1, patient=True)

    def _back_off(self, attempt: int) -> float:
        return self._habits.start_seconds * min(_BACK_OFF_AT_MOST, 1 << attempt)

    def _start(self, key: PodKey, name: str, image: str) -> None:
        container_id = f"containerd://{new_uid().replace('-', '') * 2}"
        pod = self._update(key, name, lambda one: running_status(one, container_id))
        if pod is None:
            return
        self._say(pod, name, "Created", f"Created container: {name}")
        self._say(pod, name, "Started", f"Started container {name}")
        self.logs.begin(key[2], name, image)
        behaviour = self._habits.behaviour(image)
        if behaviour.exit_code is not None:
            self._later(self._pause, self._exit, key, name, image)
            return
        rest = self._habits.start_seconds / 2 if behaviour.slow_seconds is None else behaviour.slow_seconds
        self._later(rest, self._probe, key, name, image)

    def _probe(self, key: PodKey, name: str, image: str) -> None:
        if self._habits.behaviour(image).ready:
            self._update(key, name, lambda one: {**one, "ready": True})
            return
        pod = self.find(key)
        if pod is not None:
            message = "Readiness probe failed: HTTP probe failed with statuscode: 503"
            self._say(pod, name, "Unhealthy", message, warning=True)
            self._later(max(1.0, self._habits.start_seconds * 4), self._probe, key, name, image, patient=True)

    def _exit(self, key: PodKey, name: str, image: str) -> None:
        behaviour, restarts = self._habits.behaviour(image), 0

        def ended(status: Json) -> Json:
            nonlocal restarts
            restarts = status["restartCount"]
            terminated = {
                "exitCode": behaviour.exit_code or 0,
                "reason": behaviour.exit_reason,
                "startedAt": status["state"].get("running", {}).get("startedAt", timestamp()),
                "finishedAt": timestamp(),
                "containerID": status.get("containerID", ""),
            }
            return {**status, "ready": False, "started": False, "state": {"terminated": terminated}}

        if self._update(key, name, ended) is not None:
            pause = 0.0 if restarts == 0 else self._pause
            self._later(pause, self._back_off_start, key, name, image, restarts)

    def _back_off_start(self, key: PodKey, name: str, image: str, restarts: int) -> None:
        pod = self.find(key)
        if pod is None:
            return
        pause = f"back-off {min(300, 10 * 2**restarts)}s restarting failed container={name}"
        message = f"{pause} pod={key[1]}_{key[0]}({key[2]})"
        if restarts:
            self._update(key, name, lambda one: _moved(one, waiting("CrashLoopBackOff", message)))
            self._say(
                pod, name, "BackOff", f"Back-off restarting failed container {name} in pod", warning=True
            )
        wait = self._back_off(restarts) if restarts else 0.0
        self._later(wait, self._restart, key, name, image, patient=bool(restarts))

    def _restart(self, key: PodKey, name: str, image: str) -> None:
        def counted(status: Json) -> Json:
            return {
                **_moved(status, waiting("ContainerCreating")),
                "restartCount": status["restartCount"] + 1,
            }

        if self._update(key, name, counted) is not None:
            self._start(key, name, image)


def _moved(status: Json, state: Json) -> Json:
    """The status in its next state; how the process ended moves to lastState."""
    ended = status["state"] if "terminated" in status["state"] else status["lastState"]
    return {**status, "state": state, "lastState": ended}
