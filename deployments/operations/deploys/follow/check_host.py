"""The last proof: the site's host answers as its mapping expects."""

from datetime import timedelta
from functools import partial

from deployments.clients.site_check import AnswerTooSlow, HostAnswer, SiteCheck, SiteCheckError, UnableToAsk
from deployments.models import Site
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.follow.context import FollowContext
from deployments.operations.deploys.follow.end import last_lines
from deployments.operations.deploys.follow.snapshot import Snapshot
from deployments.rules.pods import is_ready
from deployments.rules.wording import sentences

GRACE_SECONDS = 2


def check_host(snapshot: Snapshot, context: FollowContext, *, stayed: str) -> None:
    """Ask the host once; a right answer ends the Deploy well, and the third wrong one in a row fails it.

    A host that cannot be asked from here, twice in a row and with no wrong answer before, is no reason to fail.

    `stayed` is the sentence's beginning when all is well, such as `3 pods are ready, and stayed so`.
    """
    deploy, site, now = snapshot.deploy, snapshot.deploy.site, snapshot.now
    if not (site.check_enabled and context.checks_hosts):
        finish(deploy, Ending.SUCCEEDED, f"{stayed}.", now=now)
        return
    if deploy.checked_at and now - deploy.checked_at < context.timeouts.check_host_again:
        return
    answer = context.calls.ask(
        ("check_host", deploy.pk),
        partial(_ask_host, context.clients.site_check, site),
        now=now,
        within=timedelta(seconds=site.check_timeout_seconds + GRACE_SECONDS),
        otherwise=AnswerTooSlow(f"{site.host} did not answer within {site.check_timeout_seconds} seconds."),
    )
    if answer is None:
        return
    if isinstance(answer, HostAnswer) and answer.status == site.check_status:
        message = f"{stayed}. The site answered {answer.status} in {answer.milliseconds} ms."
        finish(deploy, Ending.SUCCEEDED, message, checked_at=now, now=now)
    elif isinstance(answer, UnableToAsk) and not deploy.checks:
        _not_asked(snapshot, answer, stayed=stayed)
    else:
        _wrong(snapshot, context, _in_words(answer, site))


def _not_asked(snapshot: Snapshot, problem: UnableToAsk, *, stayed: str) -> None:
    deploy, now = snapshot.deploy, snapshot.now
    message = sentences(stayed, "The site could not be checked from here", str(problem))
    if deploy.checked_at is None:
        deploy.note(now=now, message=sentences(message, "Trying once more"), checked_at=now)
        return
    remedy = "If it never can, turn off the check in its mapping"
    finish(deploy, Ending.SUCCEEDED, sentences(message, remedy), checked_at=now, now=now)


def _wrong(snapshot: Snapshot, context: FollowContext, message: str) -> None:
    deploy, now = snapshot.deploy, snapshot.now
    times = deploy.checks + 1
    if times < context.timeouts.host_checks:
        again = f"{message} It is asked again ({times} of {context.timeouts.host_checks})."
        deploy.note(now=now, message=again, checks=times, checked_at=now)
        return
    pod = next((each for each in snapshot.new_pods if is_ready(each)), None)
    site = deploy.site
    log = (
        last_lines(context.clients.cluster, site.namespace, pod=pod.name, container=site.container)
        if pod
        else ""
    )
    finish(
        deploy, Ending.FAILED, message, reason="wrong_answer", log=log, checks=times, checked_at=now, now=now
    )


def _ask_host(site_check: SiteCheck, site: Site) -> HostAnswer | SiteCheckError:
    try:
        return site_check.get(site.host, path=site.check_path, timeout_seconds=site.check_timeout_seconds)
    except SiteCheckError as error:
        return error


def _in_words(answer: HostAnswer | SiteCheckError, site: Site) -> str:
    if isinstance(answer, SiteCheckError):
        return f"The site does not answer: {answer}"
    if answer.leads_to:
        return (
            f"The site answered {answer.status} and leads to {answer.leads_to[:200]}, which is not followed: "
            f"expect {answer.status} in its mapping, or correct the redirect."
        )
    return f"The site answered {answer.status} where {site.check_status} is expected: read its log, or roll back."
