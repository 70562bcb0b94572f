"""Scheduler and kubelet in one: takes a new pod through scheduling, pulling, starting, readiness, crashes and its end."""

from collections.abc import Callable

from demo.cluster.behaviour import Behaviour
from demo.cluster.clock import Clock
from demo.cluster.events import Recorder
from demo.cluster.kinds import PODS, Json
from demo.cluster.logs import Logs
from demo.cluster.names import new_uid, timestamp
from demo.cluster.pods import NODES, container_status, running_status, unschedulable, waiting, with_conditions
from demo.cluster.store import Store

_BACK_OFF_AT_MOST = 16
_NO_ROOM = (
    "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: "
    "3 No preemption victims found for incoming pod."
)


class Kubelet:
    """`start_seconds` is the time from a pod's creation to its readiness; back-offs are multiples of it."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        recorder: Recorder,
        *,
        image_exists: Callable[[str], bool],
        behaviour: Callable[[str], Behaviour],
        start_seconds: float,
    ) -> None:
        self.start_seconds = start_seconds
        self.logs = Logs(behaviour)
        self._store = store
        self._clock = clock
        self._recorder = recorder
        self._image_exists = image_exists
        self._behaviour = behaviour

    def accept(self, pod: Json) -> None:
        """Starts a new pod."""
        self._later(0, self._schedule, _key(pod))

    def end(self, pod: Json) -> None:
        """Stops a pod that has been given its deletionTimestamp, and removes it."""
        for status in pod["status"].get("containerStatuses", ()):
            if "running" in status["state"]:
                self._say(pod, status["name"], "Killing", f"Stopping container {status['name']}")
        self._later(self.start_seconds / 4, self._remove, _key(pod))

    def _later(
        self, seconds: float, step: Callable[..., None], *arguments: object, patient: bool = False
    ) -> None:
        self._clock.call_later(seconds, lambda: step(*arguments), patient=patient)

    def _find(self, key: tuple[str, str, str]) -> Json | None:
        """The pod, if it is still there and is to live."""
        pod = self._store.find(PODS.plural, key[0], key[1])
        alive = (
            pod is not None
            and pod["metadata"]["uid"] == key[2]
            and "deletionTimestamp" not in pod["metadata"]
        )
        return pod if alive else None

    def _remove(self, key: tuple[str, str, str]) -> None:
        with self._store.lock:
            pod = self._store.find(PODS.plural, key[0], key[1])
            if pod is not None and pod["metadata"]["uid"] == key[2]:
                self._store.remove(PODS.plural, pod)
                self.logs.forget(key[2])

    def _say(self, pod: Json, container: str, reason: str, message: str, *, warning: bool = False) -> None:
        field = f"spec.containers{{{container}}}" if container else ""
        by = "kubelet" if container else "default-scheduler"
        self._recorder.record("Pod", pod, reason, message, by=by, warning=warning, field=field)

    def _schedule(self, key: tuple[str, str, str]) -> None:
        with self._store.lock:
            pod = self._find(key)
            if pod is None:
                return
            containers = pod["spec"]["containers"]
            if not all(self._behaviour(one["image"]).schedulable for one in containers):
                self._store.replace(PODS.plural, unschedulable(pod, _NO_ROOM))
                self._say(pod, "", "FailedScheduling", _NO_ROOM, warning=True)
                return
            node = NODES[sum(map(ord, key[2])) % len(NODES)]
            statuses = [container_status(one, waiting("ContainerCreating")) for one in containers]
            status = {**pod["status"], "startTime": timestamp(), "containerStatuses": statuses}
            status |= {"hostIP": "10.0.0.1", "podIP": f"10.1.{ord(key[2][0])}.{ord(key[2][1])}"}
            placed = {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": status}
            placed = self._store.replace(PODS.plural, with_conditions(placed))
            self._say(placed, "", "Scheduled", f"Successfully assigned {key[0]}/{key[1]} to {node}")
        for container in containers:
            self._later(self.start_seconds / 4, self._pull, key, container["name"], container["image"], 1)

    def _update(self, key: tuple[str, str, str], name: str, change: Callable[[Json], Json]) -> Json | None:
        """Changes one container's status; the pod as it is then, None when it is gone."""
        with self._store.lock:
            pod = self._find(key)
            if pod is None:
                return None
            statuses = [
                change(one) if one["name"] == name else one for one in pod["status"]["containerStatuses"]
            ]
            changed = with_conditions({**pod, "status": {**pod["status"], "containerStatuses": statuses}})
            return self._store.replace(PODS.plural, changed)

    def _pull(self, key: tuple[str, str, str], name: str, image: str, attempt: int) -> None:
        pod = self._find(key)
        if pod is None:
            return
        self._say(pod, name, "Pulling", f'Pulling image "{image}"')
        if self._image_exists(image):
            self._say(
                pod, name, "Pulled", f'Successfully pulled image "{image}" in {self.start_seconds / 4:.3g}s'
            )
            self._start(key, name, image)
            return
        trouble = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'
        message = f"rpc error: code = NotFound desc = {trouble}"
        self._update(key, name, lambda one: {**one, "state": waiting("ErrImagePull", message)})
        self._say(pod, name, "Failed", f'Failed to pull image "{image}": {message}', warning=True)
        self._say(pod, name, "Failed", "Error: ErrImagePull", warning=True)
        self._later(self.start_seconds / 4, self._back_off_pull, key, name, image, attempt)

    def _back_off_pull(self, key: tuple[str, str, str], name: str, image: str, attempt: int) -> None:
        message = f'Back-off pulling image "{image}"'
        pod = self._update(key, name, lambda one: {**one, "state": waiting("ImagePullBackOff", message)})
        if pod is None:
            return
        self._say(pod, name, "BackOff", message)
        self._say(pod, name, "Failed", "Error: ImagePullBackOff", warning=True)
        self._later(self._back_off(attempt), self._pull, key, name, image, attempt + 1, patient=True)

    def _back_off(self, attempt: int) -> float:
        return self.start_seconds * min(_BACK_OFF_AT_MOST, 1 << attempt)

    def _start(self, key: tuple[str, str, str], name: str, image: str) -> None:
        container_id = f"containerd://{new_uid().replace('-', '') * 2}"
        pod = self._update(key, name, lambda one: running_status(one, container_id))
        if pod is None:
            return
        self._say(pod, name, "Created", f"Created container: {name}")
        self._say(pod, name, "Started", f"Started container {name}")
        self.logs.begin(key[2], name, image)
        behaviour = self._behaviour(image)
        if behaviour.exit_code is not None:
            self._later(self.start_seconds / 4, self._exit, key, name, image)
            return
        rest = self.start_seconds / 2 if behaviour.slow_seconds is None else behaviour.slow_seconds
        self._later(rest, self._probe, key, name, image)

    def _probe(self, key: tuple[str, str, str], name: str, image: str) -> None:
        if self._behaviour(image).ready:
            self._update(key, name, lambda one: {**one, "ready": True})
            return
        pod = self._find(key)
        if pod is not None:
            message = "Readiness probe failed: HTTP probe failed with statuscode: 503"
            self._say(pod, name, "Unhealthy", message, warning=True)
            self._later(max(1.0, self.start_seconds * 4), self._probe, key, name, image, patient=True)

    def _exit(self, key: tuple[str, str, str], name: str, image: str) -> None:
        behaviour, restarts = self._behaviour(image), 0

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
            pause = 0.0 if restarts == 0 else self.start_seconds / 4
            self._later(pause, self._back_off_start, key, name, image, restarts)

    def _back_off_start(self, key: tuple[str, str, str], name: str, image: str, restarts: int) -> None:
        pod = self._find(key)
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

    def _restart(self, key: tuple[str, str, str], name: str, image: str) -> None:
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


def _key(pod: Json) -> tuple[str, str, str]:
    return pod["metadata"]["namespace"], pod["metadata"]["name"], pod["metadata"]["uid"]
