"""A site's problems and obstacles, each as a sentence, empty when it does not apply.

The page and the automatic decision share these, so that a person reads what the sync goes by.
"""

from datetime import datetime, timedelta

from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.ours import PUT_BACK, PUT_BACK_WITHIN
from deployments.rules.paths import none_of_them
from deployments.rules.site_facts import DeployFacts, HoldFacts, SiteFacts
from deployments.rules.site_workloads import disagreement
from deployments.rules.wording import counted, duration, moment, sentences, short
from deployments.rules.workloads import OUR_MANAGER

_NO_REPOSITORY = (
    "GitHub has no such repository, or the token may not see it. Correct its name, or give access."
)
LONG_BUILD, SHORT_BUILD = timedelta(hours=1), timedelta(minutes=2)
"""What a build takes where nothing is known of it, and what is never too long."""
NO_IMAGE = "This site's image template names no image. Correct it."


def what_is_missing(facts: SiteFacts) -> str:
    """The Deployment, container, repository or branch that is not there or not ours to see; a repository without commits; another one."""
    if facts.workload_missing:
        return sentences(facts.workload_missing)
    if facts.repository_missing:
        return sentences(facts.github_problem) or _NO_REPOSITORY
    return ""


def github_refusal(facts: SiteFacts) -> str:
    """GitHub's no that time does not heal: what was seen before it is not waited for to get old."""
    return sentences(facts.github_problem) if facts.github_refused else ""


def cluster_gap(facts: SiteFacts, *, now: datetime, stale_after: timedelta) -> str:
    """Why what runs is unknown: the cluster was not read, or too long ago."""
    return _gap(
        "The cluster", facts.cluster_observed_at, facts.cluster_problem, now=now, stale_after=stale_after
    )


def github_gap(facts: SiteFacts, *, now: datetime, stale_after: timedelta) -> str:
    """Why the head is unknown: GitHub was not read, too long ago, or named no commit."""
    gap = _gap("GitHub", facts.github_observed_at, facts.github_problem, now=now, stale_after=stale_after)
    if gap or facts.head_sha:
        return gap
    return sentences("GitHub names no newest commit: is the branch there?", facts.github_problem)


def wrong_image(facts: SiteFacts) -> str:
    """The wrong-app guard: the container's image is not of the repository that this site's template gives."""
    if not facts.expected_repository:
        return NO_IMAGE
    try:
        repository = parse_image(facts.meant_image).repository
    except UnableToParseImage:
        return f"The container's image, “{facts.desired_image}”, cannot be read. Correct it in the cluster."
    if repository in {facts.expected_repository, facts.former_repository}:
        return ""
    message = f"Wrong image: running {repository}, expected {facts.expected_repository}. Correct the mapping."
    return sentences(message, who_set(facts))


def foreign_image(facts: SiteFacts, image: str) -> str:
    """The image to deploy is not in this site's image repository, or is not an image at all."""
    try:
        repository = parse_image(image).repository
    except UnableToParseImage as error:
        return f"There is no image to deploy. Correct the image template. {error}"
    expected = facts.expected_repository
    return "" if repository == expected else f"{image} is not of {expected}. Correct the image template."


def unknown_commit(facts: SiteFacts) -> str:
    """The desired image carries no commit that the repository knows, whatever the pods still run."""
    if facts.desired_sha or unasked_commit(facts):
        return ""
    if facts.build_problem:
        return sentences(f"Which commit runs is not known: {facts.build_problem}", who_set(facts))
    message = (
        f"{facts.desired_image} names no commit that GitHub knows. Correct the mapping, or deploy the newest."
    )
    return sentences(message, who_set(facts))


def unasked_commit(facts: SiteFacts) -> str:
    """The commit that the desired image carries is not known, since GitHub could not be reached."""
    if facts.desired_sha or not facts.github_problem:
        return ""
    return sentences(
        f"GitHub could not be asked which commit {facts.desired_image} carries", facts.github_problem
    )


def who_set(facts: SiteFacts) -> str:
    """Who gave the container its image, and when, without a full stop; empty when that was Headway or is not known."""
    if facts.desired_by in {"", OUR_MANAGER}:
        return ""
    at = f" on {moment(facts.desired_at)}" if facts.desired_at else ""
    return f"{facts.desired_by} set that image{at}"


def set_by_another(facts: SiteFacts) -> str:
    """Someone else has set another commit than the head since Headway or a person last accepted the image."""
    if not facts.is_set_by_another or facts.desired_sha == facts.head_sha:
        return ""
    who = _put_back(facts) or who_set(facts) or "It was set outside Headway"
    return sentences(f"{facts.what_asks} asks for {short(facts.desired_sha)}", who, "Keep it or replace it")


def _put_back(facts: SiteFacts) -> str:
    """That someone restored the previous image within a minute of our patch, without a full stop; empty otherwise."""
    last, at = facts.last, facts.desired_at
    if last is None or facts.desired_sha != last.from_sha:
        return ""
    if last.reason == PUT_BACK:
        return last.message.rstrip(".")
    if last.patched_at is None or at is None:
        return ""
    after = at - last.patched_at
    if not timedelta(0) <= after <= PUT_BACK_WITHIN:
        return ""
    return f"{facts.desired_by or 'Someone else'} put {short(facts.desired_sha)} back {duration(after)} later"


def mixed_pods(facts: SiteFacts) -> str:
    """Pods are ready, and no one commit can be named for all of them."""
    if facts.present_sha:
        return ""
    if facts.build_problem:
        return sentences(f"Its ready pods do not all run the same commit: {facts.build_problem}")
    return sentences(
        "Its ready pods do not all run the same commit yet",
        f"{facts.what_asks} asks for {short(facts.desired_sha)}",
    )


def no_ready_pods(facts: SiteFacts) -> str:
    """Pods are wanted and none is ready."""
    if facts.wanted and not facts.ready:
        return "Its pod is not ready." if facts.wanted == 1 else f"None of its {facts.wanted} pods is ready."
    down = next((each for each in facts.workloads if each.wanted and not each.ready), None)
    if down is None:
        return ""
    if down.wanted == 1:
        return f"The pod of {down.label} is not ready."
    return f"None of the {down.wanted} pods of {down.label} is ready."


def mixed_workloads(facts: SiteFacts) -> str:
    """The site's workloads, or containers of one, are at different commits."""
    return sentences(disagreement(facts.workloads))


def failed_deploy(facts: SiteFacts) -> str:
    """The last Deploy failed and that still matters.

    It no longer does when a newer commit is there, for then that one is what helps, unless it was the way back from the
    head; nor when it merely took too long and its pods came up afterwards.
    """
    last = facts.last
    if last is None or not last.is_failure:
        return ""
    if facts.target_sha and facts.target_sha not in {last.sha, last.from_sha}:
        return ""
    if last.status == "timed_out" and facts.running_sha == last.sha:
        return ""
    return sentences(f"The deploy of {short(last.sha)} {_ending(last)}", last.message)


def earlier_failure(facts: SiteFacts) -> str:
    """That the last Deploy failed, where a newer commit has taken its place."""
    last = facts.last
    if last is None or not last.is_failure or failed_deploy(facts) or facts.running_sha == last.sha:
        return ""
    return f"The last deploy, of {short(last.sha)}, {_ending(last)}."


def standing_hold(facts: SiteFacts, *, now: datetime) -> HoldFacts | None:
    """The Hold, when it has not expired and is on everything, on the site or on what would be deployed."""
    hold = facts.hold
    if hold is None or (hold.until is not None and hold.until <= now):
        return None
    return hold if hold.everything or hold.sha in {"", facts.target_sha} else None


def what_is_held(*, sha: str, everything: bool) -> str:
    """`all deploys`, `commit 3f9c2a1` or `this site`."""
    if everything:
        return "all deploys"
    return f"commit {short(sha)}" if sha else "this site"


def not_built(facts: SiteFacts, *, now: datetime) -> str:
    """That the newest commit has no image, without a full stop; and for how long, where builds mostly take less."""
    message = f"The image of {facts.awaited_name} is not built yet"
    seen_at = facts.awaited_seen_at if facts.awaited_sha else facts.head_seen_at
    waited = now - seen_at if seen_at else timedelta(0)
    if waited <= max(facts.usual_build or LONG_BUILD, SHORT_BUILD):
        return message
    usual = f"Builds usually take {duration(facts.usual_build)} here" if facts.usual_build else ""
    return sentences(f"{message}, {duration(waited)} after Headway first saw it", usual, "Check its build")


def ready_below(facts: SiteFacts) -> str:
    """That an older commit is ready where the newest has no image, without a full stop."""
    if facts.built_sha == facts.awaited_sha:
        return f"{facts.target_name} is ready to deploy"
    newest = "the newest that touches its paths" if facts.awaited_sha else "the newest"
    return f"{facts.target_name} is ready; {newest}, {facts.awaited_name}, has no image"


def hold_subject(hold: HoldFacts) -> str:
    """How every sentence on a Hold begins: `Commit 3f9c2a1 is on hold`, `All deploys are paused`."""
    if hold.everything:
        return "All deploys are paused"
    what = what_is_held(sha=hold.sha, everything=False)
    return f"{what[0].upper()}{what[1:]} is on hold"


def hold_message(hold: HoldFacts) -> str:
    """What is held, by whom, until when, and why."""
    by = f"by {hold.by}" if hold.by else ""
    until = f"until {moment(hold.until)}" if hold.until else ""
    beside = ", ".join(each for each in (by, until) if each)
    subject = f"{hold_subject(hold)} ({beside})" if beside else hold_subject(hold)
    return sentences(f"{subject}{': ' if hold.reason else ''}{hold.reason}")


def distance(facts: SiteFacts) -> str:
    """How far what runs is from the head, without a full stop: `12 commits behind`. Never a number not known."""
    if facts.is_diverged:
        where = facts.head_version or "the branch"
        beside = f"Diverged: {counted(facts.ahead_by or 0, 'commit')} ahead of {where}"
        return f"{beside}, {facts.behind_by} behind" if facts.behind_by else beside
    if facts.behind_by and facts.left_out:
        behind = counted(facts.behind_by - facts.left_out, "commit")
        return f"{behind} behind. {none_of_them(facts.left_out)}"
    if facts.behind_by:
        return f"{counted(facts.behind_by, 'commit')} behind"
    if facts.running_is_unknown:
        return f"It runs {short(facts.present_sha)}, a commit that GitHub does not know in this repository"
    return f"Not at {facts.head_name}; how many commits behind is not known"


def _ending(failure: DeployFacts) -> str:
    return "took too long" if failure.status == "timed_out" else "failed"


def _gap(who: str, at: datetime | None, problem: str, *, now: datetime, stale_after: timedelta) -> str:
    if at is None:
        return sentences(f"{who} has not been read yet", problem or "Sync now")
    if now - at > stale_after:
        return sentences(f"{who} was last read {duration(now - at)} ago", problem or "Sync now")
    return ""
