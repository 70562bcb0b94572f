"""One site, one answer: a state, a sentence, and the one button that helps.

The first of these that holds is the answer. The order is that of a person's questions:

1. deploying: what is being done right now matters most, and explains the rest.
2. missing: without the Deployment or the repository nothing else means anything.
3. unknown, the cluster: what we last saw may be long gone.
4. drifted, another app's image: pods of another app say nothing about this site, not even when they fail.
5. failed, no pod is ready: visitors see it. This needs no GitHub, so GitHub's silence must not hide it.
6. unknown, GitHub: from here on the head is needed.
7. drifted, no known commit, or one that someone else set; then unknown, pods of several commits: what runs cannot be compared with the head.
8. mixed, workloads or containers at different commits: whatever the head is, what runs is not one commit.
9. failed, the last Deploy: also when the old pods serve well, since someone's request failed.
10. current: a Hold, red CI or a missing image are nobody's concern while the head runs.
11. held: a person's stop beats what machines say of the head, and red before building: a red commit's image helps nobody.
12. ready, a commit below a head without an image: what is built is more use than what is not, whatever CI says of the head.
13. building; unknown, the registry (an image not known to be there is not there); ready.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from deployments.rules import findings
from deployments.rules.paths import none_of_them
from deployments.rules.site_facts import CheckState, DeployFacts, HoldFacts, SiteFacts
from deployments.rules.versions import same_commit
from deployments.rules.wording import sentences, short, some_of

__all__ = ["Action", "Answer", "CheckState", "DeployFacts", "HoldFacts", "SiteFacts", "State", "answer_for"]


class State(StrEnum):
    """A site's state. Each is in exactly one of four groups: broken, behind, deploying or current."""

    DEPLOYING = "deploying"
    FAILED = "failed"
    DRIFTED = "drifted"
    MISSING = "missing"
    UNKNOWN = "unknown"
    MIXED = "mixed"
    HELD = "held"
    RED = "red"
    BUILDING = "building"
    READY = "ready"
    CURRENT = "current"

    @property
    def is_broken(self) -> bool:
        """Something is wrong with the site, or cannot be known: how far behind it is does not matter until that is fixed."""
        return self in _BROKEN

    @property
    def is_behind(self) -> bool:
        """A newer commit is known, and nothing is being deployed."""
        return self in _BEHIND

    @property
    def needs_attention(self) -> bool:
        """A person has to act: the site is broken, CI failed on the newest commit, or an update is ready.

        Not while the next step is a machine's (deploying, building), a person has put the site on hold, or it is current.
        The list's heading, the next site after a Deploy, the metrics and the notifications all go by this.
        """
        return self.is_broken or self in {State.READY, State.RED}


_BROKEN = frozenset({State.FAILED, State.DRIFTED, State.MISSING, State.UNKNOWN, State.MIXED})
_BEHIND = frozenset({State.READY, State.RED, State.BUILDING, State.HELD})


class Action(StrEnum):
    """The one button that helps."""

    WATCH = "watch"
    ROLL_BACK = "roll_back"
    RESTART = "restart"
    RETRY = "retry"
    EDIT = "edit"
    REVIEW = "review"
    SYNC = "sync"
    RESUME = "resume"
    DEPLOY_ANYWAY = "deploy_anyway"
    DEPLOY_WHEN_READY = "deploy_when_ready"
    DEPLOY = "deploy"
    BRING_TOGETHER = "bring_together"
    NONE = "none"


# Who needs a person most: broken, then not known, then what a tap would ship; then what moves, waits or is on hold.
_BY_NEED = (
    State.FAILED,
    State.DRIFTED,
    State.MISSING,
    State.MIXED,
    State.UNKNOWN,
    State.READY,
    State.RED,
    State.DEPLOYING,
    State.BUILDING,
    State.HELD,
    State.CURRENT,
)

# What no other commit would fix: it is fixed in the cluster or its registry, and then retried.
_MENDED_OUTSIDE = frozenset(
    {
        "pull_denied",
        "pull_failed",
        "config_error",
        "waiting",
        "volume",
        "sandbox",
        "unschedulable",
        "quota",
        "pods_refused",
        "other_build",
    }
)


@dataclass(frozen=True)
class Answer:
    """A site's state, the sentence that says it to a person, and the button that helps."""

    state: State
    message: str
    action: Action

    @property
    def rank(self) -> int:
        """The place in a list sorted by who needs a person: 0 first, current last."""
        return _BY_NEED.index(self.state)


def answer_for(facts: SiteFacts, *, now: datetime, stale_after: timedelta) -> Answer:
    """The site's answer at `now`; an observation older than `stale_after` is ignored."""
    with_problems = next(_problems(facts, now=now, stale_after=stale_after), None)
    if with_problems:
        return with_problems
    if facts.present_sha == facts.head_sha:
        return Answer(State.CURRENT, _current(facts), Action.NONE)
    if facts.has_all_of_its_paths:
        return Answer(State.CURRENT, _current_in_its_paths(facts), Action.NONE)
    return _answer_behind(facts, now=now)


def _problems(facts: SiteFacts, *, now: datetime, stale_after: timedelta) -> Iterator[Answer]:
    if facts.active:
        yield Answer(State.DEPLOYING, _deploying(facts.active), Action.WATCH)
    if message := findings.what_is_missing(facts):
        yield Answer(State.MISSING, message, Action.EDIT)
    if message := findings.cluster_gap(facts, now=now, stale_after=stale_after):
        yield Answer(State.UNKNOWN, message, Action.SYNC)
    if message := findings.wrong_image(facts):
        yield Answer(State.DRIFTED, message, Action.REVIEW)
    if message := findings.no_ready_pods(facts):
        yield Answer(State.FAILED, sentences(message, *_why_down(facts)), _way_up(facts))
    if message := (
        findings.github_refusal(facts)
        or findings.github_gap(facts, now=now, stale_after=stale_after)
        or findings.unasked_commit(facts)
    ):
        yield Answer(State.UNKNOWN, message, Action.SYNC)
    if message := findings.unknown_commit(facts) or findings.set_by_another(facts):
        yield Answer(State.DRIFTED, message, Action.REVIEW)
    yield from _mixed(facts)
    if message := findings.failed_deploy(facts):
        is_mended_outside = facts.last is not None and facts.last.reason in _MENDED_OUTSIDE
        yield Answer(State.FAILED, message, Action.RETRY if is_mended_outside else _way_out(facts))


def _mixed(facts: SiteFacts) -> Iterator[Answer]:
    if message := findings.mixed_pods(facts):
        yield Answer(State.UNKNOWN, message, Action.SYNC)
    if message := findings.mixed_workloads(facts):
        yield Answer(State.MIXED, sentences(message, findings.failed_deploy(facts)), _way_together(facts))


def _deploying(active: DeployFacts) -> str:
    named = short(active.sha) in active.message
    return sentences("" if named else f"Deploying {short(active.sha)}", active.message)


def _why_down(facts: SiteFacts) -> tuple[str, ...]:
    """A Deploy that failed on the desired image has said why; otherwise the pods do."""
    failed = findings.failed_deploy(facts)
    if failed and facts.last and facts.last.sha == facts.desired_sha:
        return (failed,)
    return (facts.outage_message, failed)


def _way_up(facts: SiteFacts) -> Action:
    """The action for a site without a ready pod: that of its failed Deploy; else roll back, or restart."""
    last = facts.last
    if not facts.desired_sha:
        return Action.REVIEW
    if last is None or last.sha != facts.desired_sha:
        return Action.RESTART
    if findings.failed_deploy(facts):
        return _way_out(facts)
    is_mended_outside = facts.outage_reason in _MENDED_OUTSIDE
    return Action.ROLL_BACK if _can_go_back(facts) and not is_mended_outside else Action.RESTART


def _way_out(facts: SiteFacts) -> Action:
    """Back, while the cluster still asks for what failed and an earlier commit is known; else the same once more."""
    return Action.ROLL_BACK if _can_go_back(facts) else Action.RETRY


def _way_together(facts: SiteFacts) -> Action:
    """Back, where a Deploy has come only half the way; else all to one commit."""
    return (
        Action.ROLL_BACK if findings.failed_deploy(facts) and _can_go_back(facts) else Action.BRING_TOGETHER
    )


def _can_go_back(facts: SiteFacts) -> bool:
    last = facts.last
    if last is None or last.is_rollback:
        return False
    return last.from_sha not in {"", last.sha} and facts.desired_sha == last.sha


def _current(facts: SiteFacts) -> str:
    if facts.is_scaled_to_zero:
        return f"{facts.why_no_pods}: no pod runs, and one would run {facts.newest_name}."
    same = facts.running_version not in {"", facts.head_version}
    what = f"{facts.running_version} ({short(facts.head_sha)})" if same else facts.newest_name
    runs = f"{_runs(facts)} {what}"
    also = same_commit(facts.head_version, facts.running_version) if same else ""
    return sentences(runs, also, _few_pods(facts), _asked_for(facts), facts.unmapped)


def _runs(facts: SiteFacts) -> str:
    return "Its next job runs" if facts.runs_only_jobs else "Runs"


def _current_in_its_paths(facts: SiteFacts) -> str:
    runs = f"Scaled to zero at {short(facts.present_sha)}" if facts.is_scaled_to_zero else ""
    runs = runs or f"{_runs(facts)} {short(facts.present_sha)}"
    few, asked_for = _few_pods(facts), _asked_for(facts)
    return sentences(runs, none_of_them(facts.left_out or 0), few, asked_for, facts.unmapped)


def _answer_behind(facts: SiteFacts, *, now: datetime) -> Answer:
    far = findings.distance(facts)
    hold, newest = findings.standing_hold(facts, now=now), facts.awaited_name
    has_failed = facts.newest_check_state is CheckState.FAILURE
    if hold:
        return _behind(State.HELD, facts, far, findings.hold_message(hold), Action.RESUME)
    if facts.built_sha:
        red = f"CI failed on {newest}" if has_failed else ""
        message = sentences(findings.ready_below(facts), red, _open_ci(facts))
        return _behind(State.READY, facts, far, message, Action.DEPLOY)
    if has_failed:
        return _behind(
            State.RED, facts, far, f"CI failed on {newest}. Fix it or deploy anyway", Action.DEPLOY_ANYWAY
        )
    if facts.head_image_built is False:
        message = findings.not_built(facts, now=now)
        return _behind(State.BUILDING, facts, far, message, Action.DEPLOY_WHEN_READY)
    if facts.head_image_built is None:
        message = facts.registry_problem or "Sync now"
        return _behind(
            State.UNKNOWN, facts, far, f"Whether {newest} is built is not known. {message}", Action.SYNC
        )
    message = sentences(f"{newest} is ready to deploy", _open_ci(facts))
    return _behind(State.READY, facts, far, message, Action.DEPLOY)


def _open_ci(facts: SiteFacts) -> str:
    state, on = facts.target_check_state, f" on {short(facts.built_sha)}" if facts.built_sha else ""
    if state is CheckState.PENDING:
        return f"CI has not finished{on}"
    if state is CheckState.OVERDUE:
        return f"CI has not begun{on}"
    if state is CheckState.UNKNOWN and facts.check_problem:
        return sentences("Whether CI passed is not known", facts.check_problem)
    return ""


def _behind(state: State, facts: SiteFacts, far: str, message: str, action: Action) -> Answer:
    zero = f"{facts.why_no_pods}: no pod runs" if facts.is_scaled_to_zero else ""
    also = (_few_pods(facts), _asked_for(facts), findings.earlier_failure(facts))
    return Answer(state, sentences(zero, far, message, *also), action)


def _few_pods(facts: SiteFacts) -> str:
    return f"{some_of(facts.ready, facts.wanted, 'pod')} ready" if facts.ready < facts.wanted else ""


def _asked_for(facts: SiteFacts) -> str:
    if facts.desired_sha == facts.present_sha:
        return ""
    return f"{facts.what_asks} asks for {short(facts.desired_sha)}, but its pods do not run it"
