"""One container's life: pulled, started, ready or crashing, and started again; init containers first, one by one."""

from simulators.cluster.clock import Clock
from simulators.cluster.container_steps import Habits, PodKey
from simulators.cluster.events import Recorder
from simulators.cluster.kinds import Json
from simulators.cluster.logs import Logs
from simulators.cluster.names import new_uid, timestamp
from simulators.cluster.pods import running_status, waiting
from simulators.cluster.pulls import Pulls
from simulators.cluster.store import Store


class Containers(Pulls):
    def __init__(self, store: Store, clock: Clock, recorder: Recorder, habits: Habits) -> None:
        super().__init__(store, clock, recorder, habits)
        self.logs = Logs(habits.behaviour)

    def begin_next(self, key: PodKey) -> None:
        """Starts the first init container that is not done, or, where all are, every container of the pod."""
        pod = self.find(key)
        if pod is None:
            return
        done = {one["name"] for one in pod["status"].get("initContainerStatuses", ()) if one["ready"]}
        to_do = [one for one in pod["spec"].get("initContainers") or () if one["name"] not in done]
        for container in to_do[:1] or pod["spec"]["containers"]:
            name = container["name"]
            self._update(key, name, lambda one: {**one, "state": waiting("ContainerCreating")})
            self._later(self._pause, self._pull, key, name, container["image"], 1)

    def _start(self, key: PodKey, name: str, image: str) -> None:
        if missing := self._habits.behaviour(image).config_error:
            self._lack(key, name, image, missing)
            return
        container_id = f"containerd://{new_uid().replace('-', '') * 2}"
        pod = self.find(key)
        if pod is None:
            return
        kind = "initContainers" if _is_init(pod, name) else "containers"
        container = next(one for one in pod["spec"][kind] if one["name"] == name)
        image_id = self.image_id(pod["spec"], container)
        pod = self._update(key, name, lambda one: running_status(one, container_id, image_id))
        if pod is None:
            return
        self._say(pod, name, "Created", f"Created container: {name}")
        self._say(pod, name, "Started", f"Started container {name}")
        self.logs.begin(key[2], name, image)
        behaviour = self._habits.behaviour(image)
        if behaviour.exit_code is not None or _is_init(pod, name):
            self._later(self._pause, self._exit, key, name, image)
            return
        rest = self._habits.start_seconds / 2 if behaviour.slow_seconds is None else behaviour.slow_seconds
        self._later(rest, self._probe, key, name, image)

    def _lack(self, key: PodKey, name: str, image: str, missing: str) -> None:
        """What the environment needs is not there; the kubelet looks again at each of its rounds."""
        state = waiting("CreateContainerConfigError", missing)
        pod = self._update(key, name, lambda one: {**one, "state": state})
        if pod is not None:
            self._say(pod, name, "Failed", f"Error: {missing}", warning=True)
            self._later(max(1.0, self._habits.start_seconds), self._start, key, name, image, patient=True)

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
        pod = self.find(key)
        if pod is not None and not behaviour.alive:
            failed = "Liveness probe failed: HTTP probe failed with statuscode: 500"
            self._say(pod, name, "Unhealthy", failed, warning=True)
            self._say(pod, name, "Killing", f"Container {name} failed liveness probe, will be restarted")
        is_done = pod is not None and _is_init(pod, name) and not behaviour.exit_code

        def ended(status: Json) -> Json:
            nonlocal restarts
            restarts = status["restartCount"]
            terminated = {
                "exitCode": behaviour.exit_code or 0,
                "reason": behaviour.exit_reason if behaviour.exit_code else "Completed",
                "startedAt": status["state"].get("running", {}).get("startedAt", timestamp()),
                "finishedAt": timestamp(),
                "containerID": status.get("containerID", ""),
            }
            return {**status, "ready": is_done, "started": False, "state": {"terminated": terminated}}

        if self._update(key, name, ended) is None:
            return
        if is_done:
            self.begin_next(key)
        else:
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


def _is_init(pod: Json, name: str) -> bool:
    return any(one["name"] == name for one in pod["spec"].get("initContainers") or ())


def _moved(status: Json, state: Json) -> Json:
    """The status in its next state; how the process ended moves to lastState."""
    ended = status["state"] if "terminated" in status["state"] else status["lastState"]
    return {**status, "state": state, "lastState": ended}
