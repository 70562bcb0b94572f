"""What images do, and what must become of a Deploy of each: declared here, and known to nothing that is tested."""

from dataclasses import dataclass
from enum import StrEnum

from simulators.cluster import (
    ANSWERS,
    ATTACHES_AFTER,
    CRASHES,
    GATE_CLOSED,
    HEALTHY,
    LACKS_CONFIG,
    MOUNTS_AFTER,
    NO_SANDBOX,
    NOT_ALIVE,
    OOM,
    PULL_DENIED,
    PULLS_FOR,
    REGISTRY_DOWN,
    SLOW,
    STUCK,
    UNREADY,
    UNSCHEDULABLE,
    Behaviour,
)

SECRET_MISSING = 'MountVolume.SetUp failed for volume "keys" : secret "keys" not found'
NO_DRIVER = (
    'MountVolume.MountDevice failed for volume "pvc-1" : kubernetes.io/csi: attacher.MountDevice failed to create '
    "newCsiDriverClient: driver name ebs.csi.aws.com not found in the list of registered CSI drivers"
)
IN_USE = "error reserving ctr name k8s_web_0 for id 1c2f: name is already in use by 8a1b"
RESERVED = 'failed to reserve container name "web_0": name "web_0" is reserved for "8a1b"'


class Around(StrEnum):
    """What is done to a Deploy beside what its image does."""

    NOTHING = "nothing"
    FULL_QUOTA = "the namespace's quota has no room, now or later"
    POLICY = "a policy refuses the patch"
    REMOVED = "the image goes from its registry after the patch"
    GITOPS = "a GitOps controller puts the older image back"
    BY_HAND = "someone sets another image meanwhile"


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What must become of a Deploy: it comes up, or it fails with this reason, and says these words."""

    comes_up: bool = False
    reason: str = ""
    words: str = ""
    is_superseded: bool = False
    is_refused: bool = False

    @property
    def rolls_back(self) -> bool:
        """Whether a site that wants so is rolled back: the commit was tried, and it failed."""
        return not (self.comes_up or self.is_superseded or self.is_refused)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A Deploy's image, and what must become of it."""

    name: str
    behaviour: Behaviour = HEALTHY
    around: Around = Around.NOTHING
    truth: Truth = Truth(comes_up=True)


def fails(reason: str, words: str) -> Truth:
    return Truth(reason=reason, words=words)


def passes(name: str, behaviour: Behaviour) -> Case:
    return Case(name=name, behaviour=behaviour)


FAILING = (
    Case(name="crashes", behaviour=CRASHES(3), truth=fails("crash", "crashing (exit code 3")),
    Case(name="out of memory", behaviour=OOM, truth=fails("out_of_memory", "ran out of memory")),
    Case(name="not alive", behaviour=NOT_ALIVE, truth=fails("liveness", "does not pass its liveness probe")),
    Case(
        name="never ready", behaviour=UNREADY, truth=fails("readiness", "does not pass its readiness probe")
    ),
    Case(
        name="no node takes it",
        behaviour=UNSCHEDULABLE,
        truth=fails("unschedulable", "3 Insufficient memory"),
    ),
    Case(name="pull denied", behaviour=PULL_DENIED, truth=fails("pull_denied", "403 Forbidden")),
    Case(
        name="nodes' registry down",
        behaviour=REGISTRY_DOWN,
        truth=fails("pull_failed", "503 Service Unavailable"),
    ),
    Case(
        name="no ConfigMap",
        behaviour=LACKS_CONFIG(),
        truth=fails("config_error", 'configmap "settings" not found'),
    ),
    Case(
        name="no Secret to mount",
        behaviour=MOUNTS_AFTER(None, SECRET_MISSING),
        truth=fails("config_error", 'secret "keys" not found'),
    ),
    Case(name="no address", behaviour=NO_SANDBOX(), truth=fails("sandbox", "failed to assign an IP address")),
    Case(name="never attached", behaviour=ATTACHES_AFTER(), truth=fails("volume", "Multi-Attach error")),
    Case(
        name="not inspected",
        behaviour=STUCK("ImageInspectError", "layer not known"),
        truth=fails("waiting", "ImageInspectError: layer not known"),
    ),
    Case(name="gate closed", behaviour=GATE_CLOSED(), truth=fails("readiness_gate", "these codes: [404]")),
    Case(name="wrong answer", behaviour=ANSWERS(500), truth=fails("wrong_answer", "The site answered 50")),
    Case(name="no quota", around=Around.FULL_QUOTA, truth=fails("quota", "exceeded quota: pods")),
    Case(
        name="image removed",
        behaviour=ATTACHES_AFTER(60),
        around=Around.REMOVED,
        truth=fails("image_not_found", "/icco-cloud/"),
    ),
    Case(
        name="refused by policy",
        around=Around.POLICY,
        truth=Truth(is_refused=True, words="allowed repos are [registry.example.com]"),
    ),
    Case(
        name="put back",
        behaviour=SLOW(120),
        around=Around.GITOPS,
        truth=Truth(is_superseded=True, reason="put_back", words="argocd-controller put "),
    ),
    Case(
        name="set by hand",
        behaviour=SLOW(120),
        around=Around.BY_HAND,
        truth=Truth(is_superseded=True, words="kubectl-set "),
    ),
)


def passing(seconds: float, share: float) -> tuple[Case, ...]:
    """What comes up in the end. `seconds` is the most that each of its pods may take; `share`, up to 1, how much of it these do."""
    long, config, crash = seconds * share, 45 * share, 60 * share
    return (
        passes("healthy", HEALTHY),
        passes("slow to start", SLOW(long)),
        passes("slow pull", PULLS_FOR(long)),
        passes("attached late", ATTACHES_AFTER(long)),
        passes("mounted late", MOUNTS_AFTER(long)),
        passes("its Secret comes late", MOUNTS_AFTER(config, SECRET_MISSING)),
        passes("its driver comes late", MOUNTS_AFTER(long, NO_DRIVER)),
        passes("an address comes late", NO_SANDBOX(long)),
        passes("its ConfigMap comes late", LACKS_CONFIG().for_seconds(config)),
        passes("crashes at first", CRASHES(2).for_seconds(crash)),
        passes("pull denied at first", PULL_DENIED.for_seconds(crash)),
        passes("registry down at first", REGISTRY_DOWN.for_seconds(long / 2)),
        passes("not ready at first", UNREADY.for_seconds(long)),
        passes("a node comes late", UNSCHEDULABLE.for_seconds(long)),
        passes("a name reserved", STUCK("CreateContainerError", RESERVED).for_seconds(long)),
        passes("a name in use", STUCK("CreateContainerError", IN_USE).for_seconds(long)),
        passes("not inspected at first", STUCK("ImageInspectError", "layer not known").for_seconds(long)),
        passes("gate opens late", GATE_CLOSED().for_seconds(long)),
    )
