"""The StatefulSet controller: pods with numbers, made from the lowest, replaced from the highest.

k8s.io/kubernetes, pkg/controller/statefulset/stateful_set_control.go. A pod that does not get ready stops everything after it,
and its own replacement too: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback.
"""

from simulators.cluster.controller import Controller
from simulators.cluster.history import REVISION_HASH, current_template, find_revision, forget_old, template_of
from simulators.cluster.kinds import STATEFUL_SETS, Json
from simulators.cluster.pods import FINISHED, is_ready, new_pod, owner

_MADE = "create Pod {{name}} in StatefulSet {name} successful"
_GONE = "delete Pod {{name}} in StatefulSet {name} successful"
Numbered = dict[int, Json]


class StatefulSetController(Controller):
    kind = STATEFUL_SETS
    component = "statefulset-controller"

    def sync(self, thing: Json) -> str:
        update = current_template(self.store, self.kind, thing)
        name = (thing.get("status") or {}).get("currentRevision") or update["metadata"]["name"]
        current = find_revision(self.store, thing["metadata"]["namespace"], name) or update
        problem = self._keep_numbers(thing, current, update)
        status = self._status(thing, current, update)
        live = {one["metadata"]["labels"].get(REVISION_HASH, "") for one in self.own_pods(thing)}
        forget_old(self.store, thing, live | {status["currentRevision"], status["updateRevision"]})
        self.write_status(thing, status)
        return problem

    def _numbered(self, thing: Json) -> Numbered:
        prefix = f"{thing['metadata']['name']}-"
        return {int(pod["metadata"]["name"].removeprefix(prefix)): pod for pod in self.own_pods(thing)}

    def _keep_numbers(self, thing: Json, current: Json, update: Json) -> str:
        """Makes what is missing, takes away what is too much, then replaces one pod, each in its turn."""
        pods, wanted = self._numbered(thing), thing["spec"]["replicas"]
        in_order = thing["spec"]["podManagementPolicy"] == "OrderedReady"
        for number in range(wanted):
            pod = pods.get(number)
            if pod is None:
                if problem := self._create(thing, number, current, update):
                    return problem
            elif pod["status"].get("phase") in FINISHED:
                self._delete(thing, pod)
            if in_order and not (pod and self._is_healthy(thing, pod)):
                return ""
        for number in sorted((each for each in pods if each >= wanted), reverse=True):
            self._delete(thing, pods[number])
            if in_order:
                return ""
        self._replace_one(thing, pods, update)
        return ""

    def _is_healthy(self, thing: Json, pod: Json) -> bool:
        return "deletionTimestamp" not in pod["metadata"] and self.is_available(thing, pod)

    def _replace_one(self, thing: Json, pods: Numbered, update: Json) -> None:
        strategy = thing["spec"]["updateStrategy"]
        if strategy["type"] == "OnDelete":
            return
        for number in range(thing["spec"]["replicas"] - 1, strategy["rollingUpdate"]["partition"] - 1, -1):
            pod = pods.get(number)
            if pod is None or not self._is_of(pod, update):
                if pod is not None:
                    self._delete(thing, pod)
                return
            if not self._is_healthy(thing, pod):
                return

    def _create(self, thing: Json, number: int, current: Json, update: Json) -> str:
        strategy = thing["spec"]["updateStrategy"]
        partition = strategy.get("rollingUpdate", {}).get("partition", 0)
        is_kept = strategy["type"] == "RollingUpdate" and number < partition
        revision = current if is_kept else update
        name = f"{thing['metadata']['name']}-{number}"
        labels = {
            REVISION_HASH: revision["metadata"]["name"],
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(number),
        }
        pod = new_pod(
            thing, owner(self.kind, thing), template=template_of(revision), name=name, labels=labels
        )
        pod["spec"] |= {"hostname": name, "subdomain": thing["spec"]["serviceName"]}
        return self.pods.create(thing, pod, self.voice, _MADE.format(name=thing["metadata"]["name"]))

    def _delete(self, thing: Json, pod: Json) -> None:
        self.pods.delete(thing, pod, self.voice, _GONE.format(name=thing["metadata"]["name"]))

    def _is_of(self, pod: Json, revision: Json) -> bool:
        return bool(pod["metadata"]["labels"].get(REVISION_HASH) == revision["metadata"]["name"])

    def _status(self, thing: Json, current: Json, update: Json) -> Json:
        pods = list(self._numbered(thing).values())
        staying = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        ready = sum(is_ready(pod) for pod in staying)
        of_current, of_update = (sum(self._is_of(pod, each) for pod in staying) for each in (current, update))
        is_complete = of_update == ready == thing["spec"]["replicas"]
        if is_complete and thing["spec"]["updateStrategy"]["type"] == "RollingUpdate":
            current, of_current = update, of_update
        numbers = {"readyReplicas": ready, "currentReplicas": of_current, "updatedReplicas": of_update}
        return {
            "observedGeneration": thing["metadata"]["generation"],
            "replicas": len(pods),
            "availableReplicas": sum(self.is_available(thing, pod) for pod in staying),
            **{key: value for key, value in numbers.items() if value},
            "currentRevision": current["metadata"]["name"],
            "updateRevision": update["metadata"]["name"],
            "collisionCount": 0,
        }
