"""The doors: GitHub's webhooks, jobs of GitHub Actions, Google's Pub/Sub, and registries."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from dashboard.hooks.bodies import Body, UnreadableBody, json_in
from dashboard.hooks.doors import closed, door
from dashboard.hooks.identity_tokens import claims_of
from dashboard.hooks.refused import Refused
from dashboard.hooks.signatures import is_signed
from deployments.operations.hooks.receive import Receipt, receive, understood_by_sites
from deployments.operations.hooks.tokens import find_token
from deployments.queries.hooks import of_repositories
from deployments.rules.hooks import actions as actions_rules
from deployments.rules.hooks import github as github_rules
from deployments.rules.hooks import google as google_rules
from deployments.rules.hooks import image as image_rules
from deployments.rules.hooks.hint import Door, text

_LONGEST_LINE = 512


@door(Door.GITHUB)
def github(request: HttpRequest) -> Receipt:
    """Signed over the raw bytes with one of GITHUB_HOOK_SECRETS."""
    if not settings.GITHUB_HOOK_SECRETS:
        raise closed("GITHUB_HOOK_SECRETS is not set")
    body = Body.of(request)
    if not is_signed(body, request.headers.get("X-Hub-Signature-256", ""), settings.GITHUB_HOOK_SECRETS):
        raise Refused("The signature fits none of GITHUB_HOOK_SECRETS.")
    digest = hashlib.sha256()
    for piece in body:
        digest.update(piece)
    event = text(request.headers.get("X-GitHub-Event", ""))
    payload = json_in(_without_form(request, body))
    if not isinstance(payload, dict):
        raise UnreadableBody
    return receive(
        door=Door.GITHUB,
        # It is not part of what is signed, and the digest is.
        delivery_id=text(request.headers.get("X-GitHub-Delivery", "")) or digest.hexdigest(),
        hint=github_rules.hint_of(event, payload),
        digest=digest.hexdigest(),
        now=timezone.now(),
    )


@door(Door.ACTIONS)
def actions(request: HttpRequest) -> Receipt:
    """By the job's own token; its repository and its branch must be a site's."""
    if not settings.ACTIONS_HOOK:
        raise closed("ACTIONS_HOOK is not set")
    now, issuer = timezone.now(), settings.ACTIONS_ISSUER.rstrip("/")
    claims = claims_of(request, issuer=issuer, audience=settings.PUBLIC_URL, sender=_job, now=now)
    hint = actions_rules.hint_of(claims)
    understood = understood_by_sites(hint)
    if not understood.names:
        raise Refused(understood.message, status=HTTPStatus.FORBIDDEN, has_asked=True)
    receipt = receive(
        door=Door.ACTIONS, delivery_id=text(claims["jti"]), hint=hint, understood=understood, now=now
    )
    return receipt.once_only()


def _job(claims: Mapping[str, Any]) -> Q:
    """A job of a branch, whose repository must be a site's. Raises Refused."""
    hint = actions_rules.hint_of(claims)
    if hint.ignored:
        raise Refused(hint.ignored, status=HTTPStatus.FORBIDDEN)
    if not text(claims.get("jti")):
        raise Refused("The token has no id.")
    return of_repositories(hint.repositories)


@door(Door.GOOGLE)
def google(request: HttpRequest) -> Receipt:
    """By Pub/Sub's token: that Google signed it says nothing, so the account that it is for must be ours. Junk is acknowledged."""
    if not settings.PUBSUB_PUSH_ACCOUNT:
        raise closed("PUBSUB_PUSH_ACCOUNT is not set")
    now, audience = timezone.now(), settings.PUBSUB_PUSH_AUDIENCE
    claims_of(request, issuer=settings.GOOGLE_ISSUER, audience=audience, sender=_our_account, now=now)
    try:
        message = google_rules.message_in(json_in(Body.of(request)))
    except UnreadableBody:
        message = google_rules.Message("", None)
    id_ = message.id or text(request.headers.get("X-Goog-Pubsub-Message-Id", "")) or uuid4().hex
    return receive(door=Door.GOOGLE, delivery_id=id_, hint=google_rules.hint_of(message.data), now=now)


def _our_account(claims: Mapping[str, Any]) -> None:
    """Raises Refused for any other's."""
    if claims.get("email") != settings.PUBSUB_PUSH_ACCOUNT or claims.get("email_verified") is not True:
        message = "The token is another account's than PUBSUB_PUSH_ACCOUNT."
        raise Refused(message, status=HTTPStatus.FORBIDDEN)


@door(Door.IMAGE)
def image(request: HttpRequest, token: str) -> Receipt:
    """By a token in the address, as registries sign nothing."""
    found = find_token(token)
    if found is None:
        raise Refused("There is no such token, or it was revoked.", has_asked=True)
    body = Body.of(request)
    if request.content_type == "text/plain":
        payload = body.take()[:_LONGEST_LINE].decode(errors="replace")
    else:
        payload = json_in(body)
    hint = image_rules.hint_of(payload)
    return receive(door=Door.IMAGE, delivery_id=uuid4().hex, hint=hint, token=found, now=timezone.now())


def _without_form(request: HttpRequest, body: Body) -> Body:
    """GitHub's other content type has the JSON in a form's field."""
    if request.content_type != "application/x-www-form-urlencoded":
        return body
    payload = parse_qs(body.take().decode(errors="replace")).get("payload", [""])[0]
    return Body([payload.encode()])
