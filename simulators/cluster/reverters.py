"""What restores its own image: GitOps controllers, and operators that own a Deployment."""

from simulators.cluster.admission import Reverter
from simulators.cluster.clock import Clock
from simulators.cluster.kinds import DEPLOYMENTS, Json
from simulators.cluster.requests import Target
from simulators.cluster.store import Change, Store
from simulators.cluster.writes import Writes


class Reverters:
    """`reverters` may change at any time; each checks a Deployment when it was written."""

    def __init__(self, store: Store, clock: Clock, writes: Writes) -> None:
        self.reverters: list[Reverter] = []
        self._store = store
        self._clock = clock
        self._writes = writes
        store.listeners.append(self._notice)

    def _notice(self, change: Change) -> None:
        if change.plural != DEPLOYMENTS.plural or change.type == "DELETED":
            return
        metadata = change.new["metadata"]
        for each in self.reverters:
            is_its_own = (metadata["namespace"], metadata["name"]) == (each.namespace, each.name)
            if is_its_own and _image(change.new, each.container) != each.image:
                self._put_back_later(each)

    def _put_back_later(self, reverter: Reverter) -> None:
        self._clock.call_later(reverter.after_seconds, lambda: self._put_back(reverter))

    def _put_back(self, reverter: Reverter) -> None:
        present = self._store.find(DEPLOYMENTS.plural, reverter.namespace, reverter.name)
        if present is None or reverter not in self.reverters:
            return

        def change(deployment: Json) -> Json:
            for one in deployment["spec"]["template"]["spec"]["containers"]:
                if one["name"] == reverter.container:
                    one["image"] = reverter.image
            return deployment

        target = Target(DEPLOYMENTS, reverter.namespace, reverter.name)
        self._writes.update(target, change, manager=reverter.manager)


def _image(deployment: Json, container: str) -> str:
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return next((str(one["image"]) for one in containers if one["name"] == container), "")
