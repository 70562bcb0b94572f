"""What a cluster's owner has done to objects on admission and afterwards, declared as data.

Mutating admission, as k8s-digester, Kyverno, policy-controller and registry mirrors do it:
https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#mutatingadmissionwebhook
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from simulators.cluster.errors import forbidden
from simulators.cluster.kinds import PODS, WORKLOADS, Json, kind_of, pod_template
from simulators.cluster.store import copy

WORKLOADS_AND_PODS = (*(kind.plural for kind in WORKLOADS), PODS.plural)


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """Rewrites the images of what is created or changed; what is rewritten already is left unchanged.

    `registries` leads from the beginning of an image's name to its replacement, such as a mirror. `pins` adds the
    digest that the tag means now; with `drops_tag` the digest takes the tag's place.
    """

    kinds: tuple[str, ...] = WORKLOADS_AND_PODS
    registries: Mapping[str, str] = field(default_factory=dict)
    pins: bool = False
    drops_tag: bool = False


@dataclass(frozen=True, kw_only=True)
class Denial:
    """A validating webhook: refuses what is created or changed where an image begins with `image`, in its own words."""

    webhook: str
    image: str
    message: str
    kinds: tuple[str, ...] = tuple(kind.plural for kind in WORKLOADS)


@dataclass(frozen=True, kw_only=True)
class Reverter:
    """Restores its configured image after `after_seconds`, whatever set another one: as GitOps controllers do."""

    manager: str
    namespace: str
    name: str
    container: str
    image: str
    after_seconds: float = 0.0


class Admission:
    """`mutations` may change at any time: objects that are there stay as they are until they are next written."""

    def __init__(self, image_id: Callable[[str], str], mutations: Iterable[Mutation] = ()) -> None:
        self.mutations = list(mutations)
        self.denials: list[Denial] = []
        self._image_id = image_id
        self._originals: dict[str, str] = {}

    def admitted(self, plural: str, thing: Json) -> Json:
        """The object as the mutating webhooks want it. Raises 403 where a validating one refuses it then."""
        made = self._mutated(plural, thing)
        self._check_denials(plural, made)
        return made

    def _mutated(self, plural: str, thing: Json) -> Json:
        wanted = [each for each in self.mutations if plural in each.kinds]
        if not wanted:
            return thing
        made = copy(thing)
        for container in _containers(made):
            for mutation in wanted:
                container["image"] = self._rewritten(container["image"], mutation)
        return made

    def _check_denials(self, plural: str, thing: Json) -> None:
        for each in self.denials:
            images = [one["image"] for one in _containers(thing)] if plural in each.kinds else ()
            if any(image.startswith(each.image) for image in images):
                why = f'admission webhook "{each.webhook}" denied the request: {each.message}'
                raise forbidden(kind_of(thing), thing["metadata"]["name"], why)

    def original(self, image: str) -> str:
        """The requested image, in whatever spelling: one content under all its names."""
        return self._originals.get(image, image)

    def _rewritten(self, image: str, mutation: Mutation) -> str:
        original, rewritten = self.original(image), image
        for start, instead in mutation.registries.items():
            if image.startswith(start):
                rewritten = instead + image.removeprefix(start)
        if mutation.pins and "@" not in rewritten:
            digest = self._image_id(original).rpartition("@")[2]
            name, colon, tag = rewritten.rpartition(":")
            untagged = name if colon and "/" not in tag else rewritten
            rewritten = f"{untagged if mutation.drops_tag else rewritten}@{digest}"
        if rewritten != image:
            self._originals[rewritten] = original
        return rewritten


def _containers(thing: Json) -> list[Json]:
    spec = thing["spec"] if thing["kind"] == "Pod" else pod_template(thing)["spec"]
    return [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
