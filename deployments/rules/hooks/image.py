"""What registries post when an image was pushed.

Docker Hub: https://docs.docker.com/docker-hub/repos/manage/webhooks/; distribution, GitLab and Azure:
https://distribution.github.io/distribution/about/notifications/; Harbor:
https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/; Quay:
https://docs.projectquay.io/use_quay.html#repository-notifications; Artifactory: https://jfrog.com/help/r/jfrog-platform-administration-documentation/webhooks;
Amazon: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html; Nexus:
https://help.sonatype.com/en/working-with-webhooks.html.
"""

from collections.abc import Callable, Mapping
from typing import Any

from deployments.rules.hooks.hint import (
    Hint,
    Image,
    UnreadableHook,
    images,
    items_at,
    text,
    text_at,
    value_at,
)

_LONGEST_NAME = 512
_EXPECTED = (
    'This names no image. Post a registry\'s own webhook, or {"image": "registry.example.com/app:1.0"}.'
)
_SHOWN = 3


def hint_of(payload: Any) -> Hint:
    """What a notification hints at, from a registry or from anyone else who posts an image's name. Raises UnreadableHook."""
    if isinstance(payload, str):
        return _pushed("image", images([payload.strip()[:_LONGEST_NAME]]))
    for is_this, read in _FORMATS:
        if is_this(payload):
            return read(payload)
    raise UnreadableHook(_EXPECTED)


def _pushed(event: str, found: tuple[Image, ...]) -> Hint:
    if not found:
        raise UnreadableHook(_EXPECTED)
    names = ", ".join(map(str, found[:_SHOWN])) + (" and more" if len(found) > _SHOWN else "")
    return Hint(event=event, summary=f"Image {names}", images=found)


def _ping(_payload: Any) -> Hint:
    """A registry's button to try its webhook."""
    return Hint(event="ping", summary="Ping", ignored="The token is right. What is pushed is announced here.")


def _docker_hub(payload: Any) -> Hint:
    return _pushed("docker hub", images([text_at(payload, "repository", "repo_name")]))


def _distribution(payload: Any) -> Hint:
    """Its `request.host` is often a name inside, so only the path counts."""
    events = items_at(payload, "events") or [payload]
    pushed = [each for each in events if text_at(each, "action") == "push"]
    if not pushed:
        actions = sorted({text_at(each, "action") or "unknown" for each in events})
        summary = f"Notification of {', '.join(actions)[:100]}"
        return Hint(event="notification", summary=summary, ignored="Nothing was pushed.")
    tagged = [each for each in pushed if text_at(each, "target", "tag")]
    if not tagged:
        return Hint(
            event="notification",
            summary="Layers or an image without a tag",
            ignored="No tag was pushed: the image comes with one.",
        )
    paths = [text_at(each, "target", "repository") for each in tagged]
    return _pushed("notification", _by_path(paths))


def _by_path(paths: list[str]) -> tuple[Image, ...]:
    return images([f"localhost/{path}" for path in paths if path], knows_registry=False)


def _harbor(payload: Any) -> Hint:
    data = value_at(payload, "event_data") or value_at(payload, "data")
    kind = text_at(payload, "type").lower()
    if "push" not in kind:
        return Hint(event="harbor", summary=f"Harbor's {kind or 'event'}", ignored="Nothing was pushed.")
    addresses = [text_at(each, "resource_url") for each in items_at(data, "resources")]
    named = images([each for each in addresses if each])
    return _pushed("harbor", named or _by_path([text_at(data, "repository", "repo_full_name")]))


def _quay(payload: Any) -> Hint:
    return _pushed("quay", images([text_at(payload, "docker_url")]))


def _artifactory(payload: Any) -> Hint:
    """Its repository key may be the first part of the path, or of the host: so both count. What is promoted is copied to another one."""
    data, event = value_at(payload, "data"), text_at(payload, "event_type")
    if event not in {"pushed", "promoted"}:
        return Hint(
            event="artifactory", summary=f"Artifactory's {event or 'event'}", ignored="Nothing was pushed."
        )
    return _pushed("artifactory", _in_repository(text_at(data, "image_name"), text_at(data, "repo_key")))


def _nexus(payload: Any) -> Hint:
    """As Artifactory's."""
    action, component = text_at(payload, "action"), value_at(payload, "component")
    if action not in {"CREATED", "UPDATED"} or text_at(component, "format") != "docker":
        return Hint(event="nexus", summary=f"Nexus' {action or 'event'}", ignored="Nothing was pushed.")
    found = _in_repository(text_at(component, "name"), text_at(payload, "repositoryName"))
    return _pushed("nexus", found)


def _in_repository(name: str, key: str) -> tuple[Image, ...]:
    return _by_path([name, f"{key}/{name}" if key and name else ""])


def _amazon(payload: Any) -> Hint:
    account, region = text_at(payload, "account"), text_at(payload, "region")
    action, result = text_at(payload, "detail", "action-type"), text_at(payload, "detail", "result")
    if action not in {"PUSH", "REPLICATE"} or result == "FAILURE":
        return Hint(event="ecr", summary="Amazon's event", ignored="Nothing was pushed.")
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    host = f"{account}.dkr.ecr.{region}.{domain}"
    return _pushed("ecr", images([f"{host}/{text_at(payload, 'detail', 'repository-name')}"]))


def _plain(payload: Any) -> Hint:
    several = [text(each) for each in items_at(payload, "images")]
    return _pushed("image", images([each for each in (text_at(payload, "image"), *several) if each]))


def _has(*keys: str) -> Callable[[Any], bool]:
    return lambda payload: value_at(payload, *keys) is not None


def _is_mapping_with(payload: Any, *keys: str) -> bool:
    return isinstance(payload, Mapping) and all(key in payload for key in keys)


_FORMATS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Hint]], ...] = (
    (lambda payload: text_at(payload, "action") == "ping" or _is_mapping_with(payload, "zen"), _ping),
    (_has("repository", "repo_name"), _docker_hub),
    (lambda payload: isinstance(value_at(payload, "events"), list), _distribution),
    (lambda payload: _is_mapping_with(payload, "action", "target"), _distribution),
    (_has("event_data"), _harbor),
    (lambda payload: text_at(payload, "type").startswith("harbor."), _harbor),
    (_has("docker_url"), _quay),
    (lambda payload: text_at(payload, "domain") == "docker", _artifactory),
    (_has("detail", "repository-name"), _amazon),
    (_has("component", "format"), _nexus),
    (_has("image"), _plain),
    (lambda payload: isinstance(value_at(payload, "images"), list), _plain),
)
