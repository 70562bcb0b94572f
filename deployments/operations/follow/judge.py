"""From what the cluster shows to the Deploy's next state."""

from datetime import timedelta
from functools import partial
from typing import Any

from deployments.models import Status
from deployments.operations.follow.context import FollowContext
from deployments.operations.follow.end import end, is_out_of_time, last_lines
from deployments.operations.follow.look import Look
from deployments.operations.follow.prove import prove
from deployments.operations.follow.visit import visit
from deployments.registry import Registry, RegistryError
from deployments.rules.diagnosis import Diagnosis, after_asking_the_registry, diagnose
from deployments.rules.images import parse_image
from deployments.rules.pulled import Proof, Pulled
from deployments.rules.rollouts import Phase, Rollout, judge_rollout

REGISTRY_WITHIN = timedelta(seconds=30)
ASK_REGISTRY_AGAIN = timedelta(seconds=30)


def judge(look: Look, context: FollowContext) -> None:
    """Move the Deploy on, or note how far it is."""
    deploy, site = look.deploy, look.deploy.site
    if look.deployment is None:
        gone = f"Deployment {site.deployment} is gone from namespace {site.namespace}."
        end(deploy, Status.FAILED, gone, reason="gone", now=look.now)
        return
    rollout = judge_rollout(look.deployment, container=site.container, image=deploy.image)
    match rollout.phase:
        case Phase.SUPERSEDED:
            end(deploy, Status.SUPERSEDED, rollout.sentence, now=look.now)
        case Phase.COMPLETE if look.ready >= rollout.wanted:
            _verify(look, rollout, context)
        case _:
            _wait_or_fail(look, rollout, context)


def _verify(look: Look, rollout: Rollout, context: FollowContext) -> None:
    deploy, now, ready = look.deploy, look.now, look.ready
    if deploy.status == Status.ROLLING_OUT:
        said = (
            f"{_pods(ready)} ready on the new image: watching that it stays so."
            if rollout.wanted
            else rollout.sentence
        )
        deploy.move(
            Status.VERIFYING, now=now, sentence=said, verifying_since=now, checks=0, checked_at=None,
            **_counts(look, rollout),
        )  # fmt: skip
        # The registry answers while stability is watched.
        prove(look, context)
    elif not rollout.wanted:
        end(deploy, Status.SUCCEEDED, rollout.sentence, now=now, **_counts(look, rollout))
    elif pulled := prove(look, context):
        _verify_build(look, rollout, context, pulled)


def _verify_build(look: Look, rollout: Rollout, context: FollowContext, pulled: Pulled) -> None:
    deploy, now, counts = look.deploy, look.now, _counts(look, rollout)
    if pulled.proof is Proof.OTHER:
        end(deploy, Status.FAILED, pulled.sentence, reason="other_build", now=now, **counts)
    elif deploy.verifying_since and now - deploy.verifying_since >= context.timeouts.stability:
        deploy.note(now=now, **counts)
        doubt = (
            f"; whether that is the registry's build is not known: {pulled.sentence}"
            if pulled.sentence
            else ""
        )
        visit(look, context, stayed=f"{_pods(look.ready)} ready, and stayed so{doubt}")


def _wait_or_fail(look: Look, rollout: Rollout, context: FollowContext) -> None:
    deploy, now, counts = look.deploy, look.now, _counts(look, rollout)
    trouble = _trouble(look, context)
    said = trouble.sentence if trouble else rollout.sentence
    if rollout.phase is Phase.FAILED or (trouble and trouble.certain):
        end(deploy, Status.FAILED, said, now=now, **_evidence(look, trouble, context), **counts)
    elif is_out_of_time(deploy, context.timeouts, now=now):
        end(deploy, Status.TIMED_OUT, said, now=now, **_evidence(look, trouble, context), **counts)
    elif deploy.status == Status.VERIFYING:
        said = f"A pod fell away again. {said}"
        deploy.move(
            Status.ROLLING_OUT, now=now, sentence=said, verifying_since=None, checks=0, checked_at=None, **counts
        )  # fmt: skip
    else:
        deploy.note(now=now, sentence=said, **counts)


def _trouble(look: Look, context: FollowContext) -> Diagnosis | None:
    """What is wrong; before an image is called missing, the registry itself is asked."""
    deploy, now = look.deploy, look.now
    trouble = diagnose(look.pods, look.events, container=deploy.site.container, image=deploy.image, now=now)
    if trouble is None or not trouble.certain or not trouble.unpulled:
        return trouble
    answer = context.calls.ask(
        ("image", deploy.pk),
        partial(_is_in_registry, context.clients.registry, trouble.unpulled),
        now=now,
        within=REGISTRY_WITHIN,
        otherwise="",
        keep=ASK_REGISTRY_AGAIN,
    )
    return after_asking_the_registry(trouble, answer)


def _is_in_registry(registry: Registry, image: str) -> bool | str:
    """Or a sentence, where the registry cannot be asked."""
    try:
        return registry.digest(parse_image(image)) is not None
    except (RegistryError, ValueError, OSError) as error:
        return str(error)


def _evidence(look: Look, trouble: Diagnosis | None, context: FollowContext) -> dict[str, Any]:
    if trouble is None:
        return {"reason": "deadline"}
    log = ""
    if trouble.has_log:
        namespace = look.deploy.site.namespace
        log = last_lines(context.clients.cluster, namespace, pod=trouble.pod, container=trouble.container)
    return {"reason": trouble.reason, "log": log}


def _counts(look: Look, rollout: Rollout) -> dict[str, Any]:
    return {"wanted": rollout.wanted, "updated": rollout.updated, "ready": look.ready}


def _pods(count: int) -> str:
    return "1 pod is" if count == 1 else f"{count} pods are"
