"""Creating and deleting pods, as every controller does: through admission, within the namespace's quota, with events."""

from simulators.cluster.admission import Admission
from simulators.cluster.errors import ApiError
from simulators.cluster.events import Voice
from simulators.cluster.kinds import PODS, Json
from simulators.cluster.names import timestamp
from simulators.cluster.pods import FINISHED
from simulators.cluster.store import Store
from simulators.cluster.validation import blank_images


class PodCreation:
    """`quotas` are the most pods of a namespace, by its name."""

    def __init__(self, store: Store, admission: Admission) -> None:
        self.quotas: dict[str, int] = {}
        self._store = store
        self._admission = admission

    def create(self, thing: Json, pod: Json, voice: Voice, message: str = "Created pod: {name}") -> str:
        """Makes a pod of `thing`; a sentence when admission, the quota or the validation forbids it."""
        try:
            pod = self._admission.admitted(PODS.plural, pod)
        except ApiError as error:
            return self._refused(thing, voice, error.message)
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        limit = self.quotas.get(namespace)
        present = self._store.all_of(PODS.plural, namespace) if limit is not None else []
        used = sum(one["status"].get("phase") not in FINISHED for one in present)
        if limit is not None and used >= limit:
            counts = f"requested: pods=1, used: pods={used}, limited: pods={limit}"
            return self._refused(thing, voice, f'pods "{name}" is forbidden: exceeded quota: pods, {counts}')
        if causes := blank_images(pod):
            return self._refused(thing, voice, f'Pod "{name}" is invalid: {causes}')
        self._store.add(PODS.plural, pod)
        voice.say(thing, "SuccessfulCreate", message.format(name=name))
        return ""

    def _refused(self, thing: Json, voice: Voice, problem: str) -> str:
        voice.say(thing, "FailedCreate", f"Error creating: {problem}", warning=True)
        return problem

    def delete(self, thing: Json, pod: Json, voice: Voice, message: str = "Deleted pod: {name}") -> None:
        """Lets a pod of `thing` stop; nothing where it does so already."""
        if "deletionTimestamp" in pod["metadata"]:
            return
        grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
        metadata = {**pod["metadata"], "deletionTimestamp": timestamp(), "deletionGracePeriodSeconds": grace}
        self._store.replace(PODS.plural, {**pod, "metadata": metadata})
        voice.say(thing, "SuccessfulDelete", message.format(name=pod["metadata"]["name"]))
