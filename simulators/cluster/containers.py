"""One container's life: pulled, started, ready or crashing, and started again; init containers first, one by one."""

from simulators.cluster.clock import Clock
from simulators.cluster.container_steps import Habits, PodKey
from simulators.cluster.events import Recorder
from simulators.cluster.kinds import PODS, Json
from simulators.cluster.logs import Logs
from simulators.cluster.names import new_uid, timestamp
from simulators.cluster.pods import is_sidecar, running_status, sidecars, waiting, with_condition
from simulators.cluster.pulls import Pulls
from simulators.cluster.simulated_time import INSTANT_SECONDS, monotonic
from simulators.cluster.store import Store


class Containers(Pulls):
    def __init__(self, store: Store, clock: Clock, recorder: Recorder, habits: Habits) -> None:
        super().__init__(store, clock, recorder, habits)
        self.logs = Logs(habits.behaviour)

    def begin_next(self, key: PodKey) -> None:
        """Starts the first init container that is not done, or, where all are, every container of the pod that waits for that."""
        pod = self.find(key)
        if pod is None:
            return
        init, beside = pod["status"].get("initContainerStatuses", ()), sidecars(pod)
        done = {one["name"] for one in init if one["started" if one["name"] in beside else "ready"]}
        to_do = [one for one in pod["spec"].get("initContainers") or () if one["name"] not in done]
        statuses = (*init, *pod["status"]["containerStatuses"])
        waits_for = "PodInitializing" if init else "ContainerCreating"
        idle = {one["name"] for one in statuses if one["state"].get("waiting") == {"reason": waits_for}}
        for container in to_do[:1] or pod["spec"]["containers"]:
            name = container["name"]
            if name in idle:
                self._update(key, name, lambda one: {**one, "state": waiting("ContainerCreating")})
                self._later(self._pause, self._pull, key, name, container["image"], 1)

    def _start(self, key: PodKey, name: str, image: str) -> None:
        behaviour = self._habits.behaviour(image)
        if missing := behaviour.config_error:
            self._lack(key, name, image, missing)
            return
        pod = self.find(key)
        if pod is None:
            return
        container = _container(pod, name)
        container_id = f"containerd://{new_uid().replace('-', '') * 2}"
        image_id, started = self.image_id(pod["spec"], container), "startupProbe" not in container
        pod = self._update(
            key, name, lambda one: running_status(one, container_id, image_id, started=started)
        )
        if pod is None:
            return
        self._say(pod, name, "Created", f"Created container: {name}")
        self._say(pod, name, "Started", f"Started container {name}")
        runs_once = _runs_once(pod, name)
        self.logs.begin(key[2], name, behaviour.job_log if runs_once else behaviour.log)
        if behaviour.exit_code is not None or _ends(pod, name):
            self._later(self._pause, self._exit, key, name, image)
            return
        if runs_once:
            rest = behaviour.slow_seconds
            self._later(self._pause if rest is None else rest, self._exit, key, name, image)
            return
        self._begin_probes(key, name, image, container)

    def _begin_probes(self, key: PodKey, name: str, image: str, container: Json) -> None:
        slow = self._habits.behaviour(image).slow_seconds
        rest = self._habits.start_seconds / 2 if slow is None else slow
        if "startupProbe" in container:
            self._later(self._pause, self._probe_startup, key, name, image, monotonic() + rest, 1)
            return
        if is_sidecar(container):
            self.begin_next(key)
        self._later(rest, self._probe, key, name, image)

    def _probe_startup(self, key: PodKey, name: str, image: str, passes_at: float, number: int) -> None:
        """Passes once its time has come; until then it fails at each period, and too many failures end the container."""
        pod = self.find(key)
        if pod is None:
            return
        probe = _container(pod, name)["startupProbe"]
        if monotonic() > passes_at - INSTANT_SECONDS:
            if self._update(key, name, lambda one: {**one, "started": True}) and name in sidecars(pod):
                self.begin_next(key)
            self._probe(key, name, image)
            return
        failed = "Startup probe failed: HTTP probe failed with statuscode: 503"
        self._say(pod, name, "Unhealthy", failed, warning=True)
        if number >= probe.get("failureThreshold", 3):
            self._say(pod, name, "Killing", f"Container {name} failed startup probe, will be restarted")
            self._exit(key, name, image, 137)
            return
        period = min(probe.get("periodSeconds", 10), max(0.0, passes_at - monotonic()))
        self._later(period, self._probe_startup, key, name, image, passes_at, number + 1, patient=True)

    def _lack(self, key: PodKey, name: str, image: str, missing: str) -> None:
        """What the environment needs is not there; the kubelet retries at each of its rounds."""
        state = waiting(self._habits.behaviour(image).waiting_reason, missing)
        pod = self._update(key, name, lambda one: {**one, "state": state})
        if pod is not None:
            self._say(pod, name, "Failed", f"Error: {missing}", warning=True)
            self._later(max(1.0, self._habits.start_seconds), self._start, key, name, image, patient=True)

    def _probe(self, key: PodKey, name: str, image: str) -> None:
        if self._habits.behaviour(image).ready:
            if pod := self._update(key, name, lambda one: {**one, "ready": True}):
                self._later(self._pause, self._write_gates, key) if pod["spec"].get(
                    "readinessGates"
                ) else None
            return
        pod = self.find(key)
        if pod is not None:
            message = "Readiness probe failed: HTTP probe failed with statuscode: 503"
            self._say(pod, name, "Unhealthy", message, warning=True)
            self._later(max(1.0, self._habits.start_seconds * 4), self._probe, key, name, image, patient=True)

    def _write_gates(self, key: PodKey) -> None:
        """What the controllers of its readiness gates say of a pod."""
        with self._store.lock:
            pod = self.find(key)
            if pod is None:
                return
            images = [one["image"] for one in pod["spec"]["containers"]]
            why = next((text for one in images if (text := self._habits.behaviour(one).gate_closed)), "")
            gate_status = {"reason": "Target.FailedHealthChecks", "message": why} if why else {}
            for gate in pod["spec"]["readinessGates"]:
                pod = with_condition(pod, gate["conditionType"], ok=not why, **gate_status)
            self._store.replace(PODS.plural, pod)
        if why:
            again = max(1.0, self._habits.start_seconds * 2)
            self._later(again, self._write_gates, key, patient=True)

    def _exit(self, key: PodKey, name: str, image: str, killed: int = 0) -> None:
        behaviour, restarts = self._habits.behaviour(image), 0
        pod = self.find(key)
        if pod is not None and not behaviour.alive:
            failed = "Liveness probe failed: HTTP probe failed with statuscode: 500"
            self._say(pod, name, "Unhealthy", failed, warning=True)
            self._say(pod, name, "Killing", f"Container {name} failed liveness probe, will be restarted")
        runs_once = pod is not None and _runs_once(pod, name)
        code = killed or behaviour.exit_code or (behaviour.job_exit_code if runs_once else 0)
        is_done = pod is not None and _ends(pod, name) and not code

        def ended(status: Json) -> Json:
            nonlocal restarts
            restarts = status["restartCount"]
            terminated = {
                "exitCode": code,
                "reason": behaviour.exit_reason if code else "Completed",
                "startedAt": status["state"].get("running", {}).get("startedAt", timestamp()),
                "finishedAt": timestamp(),
                "containerID": status.get("containerID", ""),
            }
            return {**status, "ready": is_done, "started": False, "state": {"terminated": terminated}}

        if self._update(key, name, ended) is None:
            return
        if is_done:
            self.begin_next(key)
        elif pod is not None and _is_started_again(pod, code):
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


def _container(pod: Json, name: str) -> Json:
    everyone = (*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"])
    found: Json = next(one for one in everyone if one["name"] == name)
    return found


def _ends(pod: Json, name: str) -> bool:
    """Whether it is an init container that has to end before the next one begins."""
    init = pod["spec"].get("initContainers") or ()
    return any(one["name"] == name and not is_sidecar(one) for one in init)


def _runs_once(pod: Json, name: str) -> bool:
    """Whether it is one of a Job's own containers, which end in time."""
    is_its = any(one["name"] == name for one in pod["spec"]["containers"])
    return is_its and pod["spec"].get("restartPolicy", "Always") != "Always"


def _is_started_again(pod: Json, code: int) -> bool:
    policy = pod["spec"].get("restartPolicy", "Always")
    return policy == "Always" or (policy == "OnFailure" and code != 0)


def _moved(status: Json, state: Json) -> Json:
    """The status in its next state; how the process ended moves to lastState."""
    ended = status["state"] if "terminated" in status["state"] else status["lastState"]
    return {**status, "state": state, "lastState": ended}
