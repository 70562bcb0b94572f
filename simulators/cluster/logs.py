"""What the containers printed, in their present and in their previous life."""

from collections.abc import Callable, Iterable, Mapping

from simulators.cluster.behaviour import Behaviour
from simulators.cluster.errors import bad_request
from simulators.cluster.kinds import Json
from simulators.cluster.pods import STATUS_LISTS
from simulators.cluster.simulated_time import now

Line = tuple[str, str]


class Logs:
    def __init__(self, behaviour: Callable[[str], Behaviour]) -> None:
        self._behaviour = behaviour
        self._lives: dict[tuple[str, str], list[list[Line]]] = {}

    def begin(self, uid: str, container: str, lines: Iterable[str]) -> None:
        """A container starts and prints its lines; only the life before is kept beside it."""
        moment = now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        lives = self._lives.get((uid, container), [])[-1:]
        self._lives[uid, container] = [*lives, [(moment, line) for line in lines]]

    def forget(self, uid: str) -> None:
        for known in [key for key in self._lives if key[0] == uid]:
            self._lives.pop(known, None)

    def read(self, pod: Json, query: Mapping[str, str]) -> str:
        """The text that `kubectl logs` asks for; raises 400 in the kubelet's words."""
        name = _container(pod, query.get("container", ""))
        statuses = [one for each in STATUS_LISTS for one in pod["status"].get(each, ())]
        status = next((one for one in statuses if one["name"] == name), None)
        lives = self._lives.get((pod["metadata"]["uid"], name), [])
        if query.get("previous") in ("true", "1"):
            if len(lives) < 2:
                where = f'previous terminated container "{name}" in pod "{pod["metadata"]["name"]}" not found'
                raise bad_request(where)
            return _text(lives[-2], query)
        if not lives and (status is None or "waiting" in status["state"]):
            raise bad_request(_not_started(pod, name, status))
        return _text(lives[-1] if lives else self._default(pod, name), query)

    def _default(self, pod: Json, name: str) -> list[Line]:
        image = next(one["image"] for one in _specs(pod) if one["name"] == name)
        return [(pod["metadata"]["creationTimestamp"], line) for line in self._behaviour(image).log]


def _specs(pod: Json) -> list[Json]:
    return [*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]]


def _container(pod: Json, asked: str) -> str:
    names = [one["name"] for one in pod["spec"]["containers"]]
    if not asked and len(names) > 1:
        listed = " ".join(names)
        raise bad_request(
            f"a container name must be specified for pod {pod['metadata']['name']}, choose one of: [{listed}]"
        )
    if asked and asked not in {one["name"] for one in _specs(pod)}:
        raise bad_request(f"container {asked} is not valid for pod {pod['metadata']['name']}")
    return asked or names[0]


def _not_started(pod: Json, name: str, status: Json | None) -> str:
    reason = status["state"]["waiting"]["reason"] if status else "PodInitializing"
    why = {
        "ErrImagePull": "image can't be pulled",
        "ImagePullBackOff": "trying and failing to pull image",
    }.get(reason, reason)
    return f'container "{name}" in pod "{pod["metadata"]["name"]}" is waiting to start: {why}'


def _text(lines: list[Line], query: Mapping[str, str]) -> str:
    stamped = query.get("timestamps") in ("true", "1")
    texts = [f"{moment} {line}" if stamped else line for moment, line in lines]
    if (tail := query.get("tailLines")) is not None:
        if not tail.isdigit():
            raise bad_request(f'strconv.ParseInt: parsing "{tail}": invalid syntax')
        texts = texts[-int(tail) :] if int(tail) else []
    whole = "".join(f"{text}\n" for text in texts)
    return whole[: int(limit)] if (limit := query.get("limitBytes")) else whole
