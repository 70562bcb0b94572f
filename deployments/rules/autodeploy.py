"""May a site deploy its head automatically? The first refusal wins, and is shown unchanged on the site's page.

A Wait ends with time: an observation, a build, CI, a rollout or a Hold that expires. A Stop needs a person.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from deployments.rules import findings, paths
from deployments.rules.ours import PUT_BACK
from deployments.rules.provenance import Provenance, why_not
from deployments.rules.site_facts import CheckState, SiteFacts
from deployments.rules.wording import duration, sentences, short


@dataclass(frozen=True)
class Go:
    """Deploy this commit by this image."""

    sha: str
    image: str


@dataclass(frozen=True)
class Wait:
    """Not now; time alone will change that."""

    reason: str


@dataclass(frozen=True)
class Stop:
    """Not without a person."""

    reason: str


NOT_TRIED = "not_allowed"
"""The reason of a Deploy that the cluster's credentials or rights have stopped: its commit was never tried."""
Verdict = Go | Wait | Stop
_Refusal = Wait | Stop | None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a site's owner wants of automation, and what it has done.

    `tried_shas` are the commits that it began to auto-deploy before, `head_reverted_by` the commit that takes the
    head back (or what is built below it), `last_started_at` when the site's last Deploy began, manual or automatic.
    """

    auto_deploy: bool
    wait_for_ci: bool = True
    tried_shas: frozenset[str] = frozenset()
    head_reverted_by: str = ""
    last_started_at: datetime | None = None
    minimum_interval: timedelta = timedelta(0)
    requires_provenance: bool = False
    provenance: Provenance | None = None
    slugs: tuple[str, ...] = ()
    """What the repository is called that an attestation must name."""


@dataclass(frozen=True, kw_only=True)
class _Question:
    facts: SiteFacts
    policy: Policy
    image: str
    now: datetime
    stale_after: timedelta


def decide(facts: SiteFacts, policy: Policy, *, image: str, now: datetime, stale_after: timedelta) -> Verdict:
    """Go with the target (the head, or what is built below it) and `image`, the one its template gives, or the first refusal."""
    question = _Question(facts=facts, policy=policy, image=image, now=now, stale_after=stale_after)
    for refusal in _REFUSALS:
        if verdict := refusal(question):
            return verdict
    return Go(sha=facts.target_sha, image=image)


def _off(question: _Question) -> _Refusal:
    return None if question.policy.auto_deploy else Stop("Auto-deploy is off for this site.")


def _held(question: _Question) -> _Refusal:
    hold = findings.standing_hold(question.facts, now=question.now)
    if hold is None:
        return None
    return Wait(findings.hold_message(hold)) if hold.until else Stop(findings.hold_message(hold))


def _busy(question: _Question) -> _Refusal:
    active = question.facts.active
    return Wait(f"The deploy of {short(active.sha)} is still in progress.") if active else None


def _not_seen(question: _Question) -> _Refusal:
    facts, now, stale_after = question.facts, question.now, question.stale_after
    if lasting := findings.what_is_missing(facts) or findings.github_refusal(facts):
        return Stop(lasting)
    gap = (
        findings.cluster_gap(facts, now=now, stale_after=stale_after)
        or findings.github_gap(facts, now=now, stale_after=stale_after)
        or findings.unasked_commit(facts)
    )
    return Wait(gap) if gap else None


def _drifted(question: _Question) -> _Refusal:
    facts = question.facts
    if (
        drift := findings.wrong_image(facts)
        or findings.foreign_image(facts, question.image)
        or findings.unknown_commit(facts)
        or findings.set_by_another(facts)
    ):
        return Stop(drift)
    if facts.is_scaled_to_zero:
        remedy = "Label a node" if facts.lacks_nodes else "Scale it up"
        return Stop(
            f"{facts.why_no_pods}: no pod would show whether the new commit works. {remedy}, or deploy manually."
        )
    if down := findings.no_ready_pods(facts):
        return Stop(sentences(down, "Roll back, or deploy manually"))
    mixed = findings.mixed_pods(facts)
    return Wait(mixed) if mixed else None


def _not_ahead(question: _Question) -> _Refusal:
    facts = question.facts
    if facts.running_sha == facts.head_sha:
        return Wait(f"Runs {facts.newest_name}.")
    if facts.is_diverged or not facts.behind_by or facts.ahead_by is None:
        return Stop(
            sentences(findings.distance(facts), "Only a commit ahead of what runs is deployed automatically")
        )
    if facts.desired_sha == facts.target_sha:
        return Wait(
            f"{facts.what_asks} already asks for {short(facts.target_sha)}, but its pods do not run it yet."
        )
    is_ours = facts.last is not None and facts.last.sha == facts.desired_sha
    if facts.desired_sha == facts.running_sha or is_ours:
        return None
    return Wait(f"A rollout of {short(facts.desired_sha)} that was started outside Headway is not finished.")


def _other_paths(question: _Question) -> _Refusal:
    facts = question.facts
    if facts.has_paths and facts.left_out is None and facts.behind_by:
        return Wait(paths.NOT_KNOWN)
    is_its_own = facts.has_all_of_its_paths
    return Wait(sentences(paths.none_of_them(facts.left_out or 0))) if is_its_own else None


def _not_green(question: _Question) -> _Refusal:
    state, head = question.facts.target_check_state, short(question.facts.target_sha)
    if state is CheckState.FAILURE:
        return Stop(f"CI failed on {head}. Fix it or deploy anyway.")
    if not question.policy.wait_for_ci:
        return None
    if state is CheckState.PENDING:
        return Wait(f"CI has not finished on {head}.")
    if state is CheckState.OVERDUE:
        return Wait(f"CI has not begun on {head}, and earlier commits of this branch had CI.")
    if state is CheckState.UNKNOWN:
        return Wait(sentences(f"Whether CI passed on {head} is not known", question.facts.check_problem))
    return None


def _not_built(question: _Question) -> _Refusal:
    facts, head = question.facts, question.facts.head_name
    if facts.head_image_built is False:
        return None if facts.built_sha else Wait(sentences(findings.not_built(facts, now=question.now)))
    if facts.head_image_built is None:
        return Wait(sentences(f"Whether {head} is built is not known", facts.registry_problem))
    return None


def _not_attested(question: _Question) -> _Refusal:
    """A workflow attests to its image after it has pushed it: until then automation waits."""
    policy, sha = question.policy, question.facts.target_sha
    if not policy.requires_provenance:
        return None
    lacks = why_not(policy.provenance, sha=sha, slugs=policy.slugs)
    if not lacks:
        return None
    is_final = (
        policy.provenance is not None and policy.provenance.attestation and policy.provenance.sha == sha
    )
    return Stop(lacks) if is_final else Wait(lacks)


def _tried(question: _Question) -> _Refusal:
    facts, head = question.facts, short(question.facts.target_sha)
    last = facts.last
    if last and last.reason == NOT_TRIED:
        last = None
    if last and last.reason == PUT_BACK:
        return Stop(
            sentences(last.message, "Its manager undoes what is deployed here. Choose what to deploy next")
        )
    if facts.target_sha in question.policy.tried_shas or (
        last and last.automatic and last.sha == facts.target_sha
    ):
        return Stop(f"{head} was already auto-deployed once. Retry it manually.")
    if last and last.sha == facts.target_sha:
        return Stop(f"{head} was already deployed manually and does not run. Retry it manually.")
    failed = findings.failed_deploy(facts) if last else ""
    return Stop(sentences(failed, "Choose what to deploy next")) if failed else None


def _reverted(question: _Question) -> _Refusal:
    by = question.policy.head_reverted_by
    return (
        Wait(f"{short(question.facts.target_sha)} is reverted by {short(by)}, which is deployed instead.")
        if by
        else None
    )


def _too_soon(question: _Question) -> _Refusal:
    started_at, interval = question.policy.last_started_at, question.policy.minimum_interval
    if started_at is None or question.now >= started_at + interval:
        return None
    left = duration(started_at + interval - question.now)
    return Wait(f"The last deploy started less than {duration(interval)} ago; {left} to go.")


_REFUSALS: tuple[Callable[[_Question], _Refusal], ...] = (
    _off,
    _held,
    _busy,
    _not_seen,
    _drifted,
    _not_ahead,
    _other_paths,
    _not_green,
    _not_built,
    _not_attested,
    _tried,
    _reverted,
    _too_soon,
)
