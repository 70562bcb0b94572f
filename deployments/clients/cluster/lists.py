"""A LIST's answer. An object is parsed when it is read: usually few of a namespace's thousands are needed."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Generic, TypeVar

from deployments.clients.cluster import parse
from deployments.clients.cluster.fields import child, children, text
from deployments.clients.cluster.transport import Json
from deployments.rules.pods import Pod
from deployments.rules.workloads import Workload

T = TypeVar("T")


class Listed(Generic[T]):
    """Objects in the server's order, each parsed once."""

    def __init__(self, items: Sequence[Json], parsed: Callable[[Json], T]) -> None:
        self._items = items
        self._parse = parsed
        self._parsed: dict[int, T] = {}

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return (self[number] for number in range(len(self._items)))

    def __getitem__(self, number: int) -> T:
        if number not in self._parsed:
            self._parsed[number] = self._parse(self._items[number])
        return self._parsed[number]

    def named(self, name: str) -> T | None:
        """The object of that name, or None."""
        number = self._numbers.get(name)
        return None if number is None else self[number]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {text(child(item, "metadata"), "name"): number for number, item in enumerate(self._items)}


class Workloads(Listed[Workload]):
    """The workloads of one kind in a namespace."""

    def with_image(self, name: str) -> list[Workload]:
        """Those with a container, or an init container, whose image is called that, wherever it lies: `app` of `ghcr.io/team/app:1`."""
        return [self[number] for number in self._by_image.get(name, ())]

    @cached_property
    def _by_image(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, item in enumerate(self._items):
            for name in {_called(image) for image in _images(item)}:
                found.setdefault(name, []).append(number)
        return found


def _images(workload: Json) -> Iterator[str]:
    spec = child(workload, "spec")
    pod_spec = child(child(spec, "jobTemplate", "spec") or spec, "template", "spec")
    for kind in ("initContainers", "containers"):
        yield from (text(each, "image") for each in children(pod_spec, kind))


def _called(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


class Pods(Listed[Pod]):
    """The pods of a namespace, or those that a label selector picks."""

    def __init__(self, items: Sequence[Json]) -> None:
        super().__init__(items, parse.pod)

    def of_workload(self, name: str) -> list[Pod]:
        """At least the pods of the workload of that name, and hardly any others: `owned_pods` chooses.

        Their owner has that name, or one that begins with it and a dash, as a Deployment's ReplicaSets have.
        """
        start = f"{name}-"
        return [
            self[number]
            for number, owners in self._owners
            if any(each == name or each.startswith(start) for each in owners)
        ]

    @cached_property
    def _owners(self) -> list[tuple[int, tuple[str, ...]]]:
        return [
            (
                number,
                tuple(text(each, "name") for each in children(child(item, "metadata"), "ownerReferences")),
            )
            for number, item in enumerate(self._items)
        ]
