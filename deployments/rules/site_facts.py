"""Everything known about one site when it is judged. Commits are 40 hexadecimal digits, or empty when not known."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from deployments.rules.site_workloads import WorkloadSeen
from deployments.rules.wording import short
from deployments.rules.workloads import WorkloadKind, is_same_image


class CheckState(StrEnum):
    """GitHub's rollup of a commit's CI; UNKNOWN when it was not or could not be queried, NONE when there is no CI.

    OVERDUE where earlier commits of the branch had CI, and this one has none for longer than that takes to begin.
    """

    UNKNOWN = "unknown"
    NONE = "none"
    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    OVERDUE = "overdue"

    @property
    def is_open(self) -> bool:
        """CI will report, and has not yet."""
        return self in {CheckState.PENDING, CheckState.OVERDUE}


@dataclass(frozen=True, kw_only=True)
class DeployFacts:
    """One Deploy. `from_sha` is what ran before it; `automatic` when the sync requested it rather than a person.

    `is_failure` when it failed or took too long; neither an active Deploy nor a cancelled one is.
    `reason` is the name of why it failed, as `diagnosis.Diagnosis` has it; empty where there is none.
    """

    id: int
    sha: str
    status: str
    message: str
    finished_at: datetime | None
    patched_at: datetime | None = None
    from_sha: str = ""
    automatic: bool = False
    reason: str = ""
    is_rollback: bool = False
    is_failure: bool = False


@dataclass(frozen=True, kw_only=True)
class HoldFacts:
    """A stop with its reason: on one commit when `sha` is given, on everything, or else on the site."""

    reason: str
    by: str
    sha: str = ""
    until: datetime | None = None
    everything: bool = False


@dataclass(frozen=True, kw_only=True)
class SiteFacts:
    """What was observed of a site, and when.

    `behind_by` counts the branch's commits that the running one lacks, `ahead_by` those it has beside the branch; both
    are None when GitHub does not know, and are for `desired_sha` when the site is scaled to zero. `last` is the
    latest Deploy that ended, `active` one that has not. `running_is_unknown` when GitHub answered
    and does not know the running commit. `built_sha` is the newest commit below a head without an image that has one, comes after
    what runs and is not red, empty where there is none; `head_seen_at` is when the head was first seen, `usual_build` how long builds mostly take here. `github_refused` when GitHub's problem is one that time does not heal. `desired_by` is the field
    manager that gave the container its image, and `requested_image` is what Headway requested where an admission has rewritten that to
    `desired_image`, `accepted_image` the one that Headway or a person last accepted, empty when none was yet. `former_repository`
    is where this site's images lay before a rename. Problems and
    `workload_missing` are sentences for a person.
    """

    name: str
    head_sha: str = ""
    head_version: str = ""
    """By release, git's tag of the newest version."""
    running_version: str = ""
    check_state: CheckState = CheckState.UNKNOWN
    check_problem: str = ""
    behind_by: int | None = None
    ahead_by: int | None = None
    has_paths: bool = False
    left_out: int | None = None
    """Of the commits that `behind_by` counts, those that touch none of the site's paths; None where it has none, or that is not known."""
    github_observed_at: datetime | None = None
    github_problem: str = ""
    repository_missing: bool = False
    github_refused: bool = False
    running_is_unknown: bool = False
    head_image_built: bool | None = None
    head_seen_at: datetime | None = None
    usual_build: timedelta | None = None
    awaited_sha: str = ""
    """With paths, the newest commit that touches them, where the head touches none and has no image; else empty."""
    awaited_check_state: CheckState = CheckState.UNKNOWN
    awaited_seen_at: datetime | None = None
    """When its image was first queried."""
    built_sha: str = ""
    built_version: str = ""
    """By release, git's tag of `built_sha`."""
    built_check_state: CheckState = CheckState.UNKNOWN
    registry_problem: str = ""
    build_problem: str = ""
    """By label, why the commit of what runs is not known; without a full stop."""
    expected_repository: str = ""
    former_repository: str = ""
    desired_image: str = ""
    requested_image: str = ""
    running_sha: str = ""
    desired_sha: str = ""
    desired_by: str = ""
    desired_at: datetime | None = None
    accepted_image: str = ""
    ready: int = 0
    wanted: int = 0
    outage_reason: str = ""
    outage_message: str = ""
    """Why no pod is ready, where the sync has found out."""
    unmapped: str = ""
    """What runs its image at another commit and is in no mapping."""
    cluster_observed_at: datetime | None = None
    cluster_problem: str = ""
    workload_missing: str = ""
    active: DeployFacts | None = None
    last: DeployFacts | None = None
    hold: HoldFacts | None = None
    mapped: tuple[str, ...] = ()
    """The workloads that the mapping names, for a person: `Deployment web`. `desired_image` is the first one's."""
    workloads: tuple[WorkloadSeen, ...] = ()
    """Each as it was last seen; none where nothing was, or where a Deploy has changed them since."""

    def _are_all(self, kind: WorkloadKind) -> bool:
        return bool(self.mapped) and all(each.partition(" ")[0] == kind for each in self.mapped)

    @property
    def what_asks(self) -> str:
        """How a sentence begins on what the first workload asks for: `The StatefulSet`; among several, `Deployment web`."""
        if len(self.mapped) > 1:
            return self.mapped[0]
        return f"The {self.mapped[0].partition(' ')[0]}" if self.mapped else "The workload"

    @property
    def wants_no_pods(self) -> bool:
        """True when what was seen wants no pods now; its commit is then the one that pods would run."""
        return self.wanted == 0 and self.cluster_observed_at is not None

    @property
    def runs_only_jobs(self) -> bool:
        """Whether all its workloads are CronJobs, which want no pods between two of their jobs."""
        return self._are_all(WorkloadKind.CRON_JOB)

    @property
    def lacks_nodes(self) -> bool:
        """Whether it wants no pods since no node matches its DaemonSets."""
        return self.wants_no_pods and self._are_all(WorkloadKind.DAEMON_SET)

    @property
    def why_no_pods(self) -> str:
        """How a sentence begins on a site that could have pods and wants none."""
        return "No node matches its DaemonSet" if self.lacks_nodes else "Scaled to zero"

    @property
    def is_scaled_to_zero(self) -> bool:
        """True when a known workload that could have pods wants none."""
        return self.wants_no_pods and not self.runs_only_jobs

    @property
    def head_name(self) -> str:
        """The newest commit as sentences name it: by release with its version before it."""
        return f"{self.head_version} ({short(self.head_sha)})" if self.head_version else short(self.head_sha)

    @property
    def awaited_name(self) -> str:
        """The same of `newest_sha`."""
        return short(self.awaited_sha) if self.awaited_sha else self.head_name

    @property
    def newest_name(self) -> str:
        """`the newest commit, 3f9c2a1`, or `the newest version, v1.4.2 (3f9c2a1)`."""
        return f"the newest {'version' if self.head_version else 'commit'}, {self.head_name}"

    @property
    def has_all_of_its_paths(self) -> bool:
        """True when commits are newer than what runs, and none of them touches the site's paths."""
        return bool(self.behind_by) and self.behind_by == self.left_out and self.ahead_by == 0

    @property
    def newest_sha(self) -> str:
        """What *Deploy when ready* waits for: the head, or with paths the newest commit that is the site's."""
        return self.awaited_sha or self.head_sha

    @property
    def newest_check_state(self) -> CheckState:
        return self.awaited_check_state if self.awaited_sha else self.check_state

    @property
    def target_sha(self) -> str:
        """What a Deploy of the newest would run: the newest commit, or the newest built one below it."""
        return self.built_sha or self.newest_sha

    @property
    def target_name(self) -> str:
        """The same as sentences name it: by release with its version before it."""
        version = self.built_version if self.built_sha else self.head_version
        return f"{version} ({short(self.target_sha)})" if version else short(self.target_sha)

    @property
    def target_check_state(self) -> CheckState:
        return self.built_check_state if self.built_sha else self.newest_check_state

    @property
    def present_sha(self) -> str:
        """The running commit, or at zero replicas the desired one; empty when neither is known."""
        return self.desired_sha if self.wants_no_pods else self.running_sha

    @property
    def deployed_sha(self) -> str:
        """The commit that the first workload is requested to run, whether pods run it already or not; empty where neither is known."""
        return self.desired_sha or self.running_sha

    @property
    def meant_image(self) -> str:
        """The image that the container is asked to run, in the spelling of the client that set it."""
        return self.requested_image or self.desired_image

    @property
    def is_set_by_another(self) -> bool:
        """True when someone other than Headway has changed the image since it was last accepted."""
        if not self.accepted_image or not self.desired_image or self.requested_image:
            return False
        return not is_same_image(self.accepted_image, self.desired_image)

    @property
    def is_diverged(self) -> bool:
        """True when the running commit is known to have commits that the branch has not."""
        return bool(self.ahead_by)
