"""What a cluster's owner lets happen to objects on their way in and afterwards, declared as data.

Mutating admission, as k8s-digester, Kyverno, policy-controller and registry mirrors do it:
https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#mutatingadmissionwebhook
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from simulators.cluster.kinds import DEPLOYMENTS, PODS, Json
from simulators.cluster.store import copy

DEPLOYMENTS_AND_PODS = (DEPLOYMENTS.plural, PODS.plural)


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """Rewrites the images of what is created or changed; what is rewritten already stays as it is.

    `registries` leads from the beginning of an image's name to what stands there instead, such as a mirror. `pins` adds the
    digest that the tag means now; with `drops_tag` the digest takes the tag's place.
    """

    kinds: tuple[str, ...] = DEPLOYMENTS_AND_PODS
    registries: Mapping[str, str] = field(default_factory=dict)
    pins: bool = False
    drops_tag: bool = False


@dataclass(frozen=True, kw_only=True)
class Reverter:
    """Puts back the image that it was told of, `after_seconds`, whoever set another: as GitOps controllers do."""

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
        self._image_id = image_id
        self._originals: dict[str, str] = {}

    def admitted(self, plural: str, thing: Json) -> Json:
        """The object as the webhooks want it."""
        wanted = [each for each in self.mutations if plural in each.kinds]
        if not wanted:
            return thing
        made = copy(thing)
        spec = made["spec"] if plural == PODS.plural else made["spec"]["template"]["spec"]
        for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
            for mutation in wanted:
                container["image"] = self._rewritten(container["image"], mutation)
        return made

    def original(self, image: str) -> str:
        """The image that was asked for, however it is spelt by now: one content under all its names."""
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
