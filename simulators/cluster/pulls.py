"""Pulling an image: it comes, or the kubelet says why not and tries again, longer apart each time.

The messages are containerd's, passed on by the kubelet (pkg/kubelet/images/image_manager.go).
"""

from abc import abstractmethod

from simulators.cluster.clock import Clock
from simulators.cluster.container_steps import Habits, PodKey, Steps
from simulators.cluster.events import Recorder
from simulators.cluster.kinds import Json
from simulators.cluster.pods import waiting
from simulators.cluster.store import Store


class Pulls(Steps):
    """A node keeps what it has pulled: a tag that was pushed again is pulled again only where imagePullPolicy is Always."""

    def __init__(self, store: Store, clock: Clock, recorder: Recorder, habits: Habits) -> None:
        super().__init__(store, clock, recorder, habits)
        self._on_nodes: dict[tuple[str, str], str] = {}

    @abstractmethod
    def _start(self, key: PodKey, name: str, image: str) -> None:
        """What follows once the image is there."""

    def image_id(self, pod_spec: Json, container: Json) -> str:
        """Under which digest the pod's node runs the container's image: pulled now, or the one that it has."""
        image: str = container["image"]
        place = pod_spec.get("nodeName", ""), image
        if container.get("imagePullPolicy") == "Always" or place not in self._on_nodes:
            self._on_nodes[place] = self._habits.image_id(image)
        return self._on_nodes[place]

    def _pull(self, key: PodKey, name: str, image: str, attempt: int) -> None:
        pod = self.find(key)
        if pod is None:
            return
        if _policy(pod, name) == "Never" and (pod["spec"].get("nodeName", ""), image) not in self._on_nodes:
            self._never(key, name, image, attempt)
            return
        self._say(pod, name, "Pulling", f'Pulling image "{image}"')
        refused = self._habits.behaviour(image).pull_error
        if not refused and self._habits.image_exists(image):
            seconds = self._habits.behaviour(image).pull_seconds
            self._later(seconds, self._pulled, key, name, image, patient=seconds > 0)
            return
        code, cause = ("Unknown", refused) if refused else ("NotFound", f"{image}: not found")
        problem = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {cause}'
        message = f"rpc error: code = {code} desc = {problem}"
        self._update(key, name, lambda one: {**one, "state": waiting("ErrImagePull", message)})
        self._say(pod, name, "Failed", f'Failed to pull image "{image}": {message}', warning=True)
        self._say(pod, name, "Failed", "Error: ErrImagePull", warning=True)
        self._later(self._pause, self._back_off_pull, key, name, image, attempt)

    def _pulled(self, key: PodKey, name: str, image: str) -> None:
        pod = self.find(key)
        if pod is not None:
            self._say(pod, name, "Pulled", f'Successfully pulled image "{image}" in {self._pause:.3g}s')
            self._start(key, name, image)

    def _never(self, key: PodKey, name: str, image: str, attempt: int) -> None:
        """The image is not on the node, and the pod does not let it be pulled."""
        message = f'Container image "{image}" is not present with pull policy of Never'
        state = waiting("ErrImageNeverPull", message)
        pod = self._update(key, name, lambda one: {**one, "state": state})
        if pod is not None:
            self._say(pod, name, "ErrImageNeverPull", message, warning=True)
            self._say(pod, name, "Failed", "Error: ErrImageNeverPull", warning=True)
            self._later(self._back_off(attempt), self._pull, key, name, image, attempt + 1, patient=True)

    def _back_off_pull(self, key: PodKey, name: str, image: str, attempt: int) -> None:
        message = f'Back-off pulling image "{image}"'
        pod = self._update(key, name, lambda one: {**one, "state": waiting("ImagePullBackOff", message)})
        if pod is None:
            return
        self._say(pod, name, "BackOff", message)
        self._say(pod, name, "Failed", "Error: ImagePullBackOff", warning=True)
        self._later(self._back_off(attempt), self._pull, key, name, image, attempt + 1, patient=True)


def _policy(pod: Json, name: str) -> str:
    everyone = (*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"])
    policy: str = next(one for one in everyone if one["name"] == name).get("imagePullPolicy", "")
    return policy
