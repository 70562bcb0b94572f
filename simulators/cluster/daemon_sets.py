"""The DaemonSet controller: one pod on each node that takes one, replaced node by node.

k8s.io/kubernetes, pkg/controller/daemon. `maxSurge` is not known here, and refused.
"""

from simulators.cluster.controller import Controller
from simulators.cluster.history import REVISION_HASH, current_template, forget_old
from simulators.cluster.kinds import DAEMON_SETS, Json
from simulators.cluster.pods import FINISHED, NODES, asked_node, is_ready, new_pod, owner, with_node
from simulators.cluster.rolling import scaled

TEMPLATE_GENERATION = "pod-template-generation"
GENERATION = "deprecated.daemonset.template.generation"
ByNode = dict[str, list[Json]]


def nodes_for(thing: Json) -> list[str]:
    """The nodes whose labels its template selects."""
    wanted = (thing["spec"]["template"]["spec"].get("nodeSelector") or {}).items()
    return [
        node
        for node in NODES
        if wanted <= {"kubernetes.io/hostname": node, "kubernetes.io/os": "linux"}.items()
    ]


class DaemonSetController(Controller):
    kind = DAEMON_SETS
    component = "daemonset-controller"

    def sync(self, thing: Json) -> str:
        update = current_template(self.store, self.kind, thing)
        hashed, nodes = update["metadata"]["labels"][REVISION_HASH], nodes_for(thing)
        problem = self._keep_one_each(thing, nodes, hashed)
        if not problem and thing["spec"]["updateStrategy"]["type"] == "RollingUpdate":
            self._replace_some(thing, nodes, hashed)
        live = {pod["metadata"]["labels"].get(REVISION_HASH, "") for pod in self.own_pods(thing)} | {hashed}
        forget_old(self.store, thing, {f"{thing['metadata']['name']}-{each}" for each in live})
        self.write_status(thing, self._status(thing, nodes, hashed))
        return problem

    def _by_node(self, thing: Json) -> ByNode:
        found: ByNode = {}
        for pod in self.own_pods(thing):
            found.setdefault(asked_node(pod), []).append(pod)
        return found

    def _keep_one_each(self, thing: Json, nodes: list[str], hashed: str) -> str:
        present = self._by_node(thing)
        for node, pods in present.items():
            over = [pod for pod in pods if node not in nodes or pod["status"].get("phase") in FINISHED]
            for pod in over:
                self.pods.delete(thing, pod, self.voice)
        for node in nodes:
            if node not in present and (problem := self._create(thing, node, hashed)):
                return problem
        return ""

    def _create(self, thing: Json, node: str, hashed: str) -> str:
        labels = {
            REVISION_HASH: hashed,
            TEMPLATE_GENERATION: thing["metadata"]["annotations"][GENERATION],
        }
        template = with_node(thing["spec"]["template"], node)
        pod = new_pod(thing, owner(self.kind, thing), template=template, labels=labels)
        return self.pods.create(thing, pod, self.voice)

    def _replace_some(self, thing: Json, nodes: list[str], hashed: str) -> None:
        """Takes old pods away, as long as no more than maxUnavailable nodes are without an available one."""
        rolling = thing["spec"]["updateStrategy"]["rollingUpdate"]
        allowed = max(1, scaled(rolling["maxUnavailable"], len(nodes), up=True))
        present = self._by_node(thing)
        unavailable, candidates = 0, []
        for node in nodes:
            pod = next(iter(present.get(node, ())), None)
            is_up = (
                pod is not None
                and "deletionTimestamp" not in pod["metadata"]
                and self.is_available(thing, pod)
            )
            unavailable += not is_up
            if pod is not None and not self._is_new(thing, pod, hashed):
                candidates.append((is_up, pod))
        for is_up, pod in candidates:
            if is_up and unavailable >= allowed:
                continue
            unavailable += is_up
            self.pods.delete(thing, pod, self.voice)

    def _is_new(self, thing: Json, pod: Json, hashed: str) -> bool:
        """`IsPodUpdated` of pkg/controller/daemon/util."""
        labels, number = pod["metadata"]["labels"], thing["metadata"]["annotations"][GENERATION]
        return bool(labels.get(REVISION_HASH) == hashed or labels.get(TEMPLATE_GENERATION) == number)

    def _status(self, thing: Json, nodes: list[str], hashed: str) -> Json:
        there = {
            node: [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
            for node, pods in self._by_node(thing).items()
        }
        firsts = [there[node][0] for node in nodes if there.get(node)]
        available = sum(self.is_available(thing, pod) for pod in firsts)
        numbers = {
            "updatedNumberScheduled": sum(self._is_new(thing, pod, hashed) for pod in firsts),
            "numberAvailable": available,
            "numberUnavailable": len(nodes) - available,
        }
        return {
            "observedGeneration": thing["metadata"]["generation"],
            "currentNumberScheduled": len(firsts),
            "numberMisscheduled": sum(bool(pods) for node, pods in there.items() if node not in nodes),
            "desiredNumberScheduled": len(nodes),
            "numberReady": sum(is_ready(pod) for pod in firsts),
            **{key: value for key, value in numbers.items() if value},
        }
