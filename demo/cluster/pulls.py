"""Pulling an image: it comes, or the kubelet says why not and tries again, longer apart each time.

The messages are containerd's, passed on by the kubelet (pkg/kubelet/images/image_manager.go).
"""

from abc import abstractmethod

from demo.cluster.container_steps import PodKey, Steps
from demo.cluster.pods import waiting


class Pulls(Steps):
    @abstractmethod
    def _start(self, key: PodKey, name: str, image: str) -> None:
        """What follows once the image is there."""

    def _pull(self, key: PodKey, name: str, image: str, attempt: int) -> None:
        pod = self.find(key)
        if pod is None:
            return
        self._say(pod, name, "Pulling", f'Pulling image "{image}"')
        refused = self._habits.behaviour(image).pull_error
        if not refused and self._habits.image_exists(image):
            self._say(pod, name, "Pulled", f'Successfully pulled image "{image}" in {self._pause:.3g}s')
            self._start(key, name, image)
            return
        code, cause = ("Unknown", refused) if refused else ("NotFound", f"{image}: not found")
        trouble = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {cause}'
        message = f"rpc error: code = {code} desc = {trouble}"
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
