"""Ahead and behind on histories small enough to count by hand, and on random ones against plain sets."""

import random
from datetime import UTC, datetime

import pytest

from simulators.github.graph import CommitGraph, Person

SOMEONE = Person(name="Someone", email="someone@example.org")
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def add(graph: CommitGraph, *parents: str, message: str = "Commit") -> str:
    return graph.add(message=message, author=SOMEONE, parents=parents, at=NOW, salt="1")


def ancestors(graph: CommitGraph, sha: str) -> set[str]:
    return {sha}.union(*(ancestors(graph, parent) for parent in graph.get(sha).parents))


def test_an_unknown_parent_is_refused() -> None:
    with pytest.raises(KeyError):
        add(CommitGraph(), "f" * 40)


def test_a_sha_is_40_hexadecimal_digits_and_its_own() -> None:
    graph = CommitGraph()

    first, second = add(graph), add(graph)

    assert len(first) == 40
    assert first != second


def test_a_shortened_sha_resolves_only_while_it_is_unambiguous() -> None:
    graph = CommitGraph()
    shas = [add(graph) for _ in range(1500)]
    by_prefix = {sha[:4]: [each for each in shas if each[:4] == sha[:4]] for sha in shas}
    ambiguous = next(prefix for prefix, found in by_prefix.items() if len(found) > 1)

    assert graph.resolve(shas[0][:12]) == shas[0]
    assert graph.resolve(ambiguous) is None
    assert graph.resolve("xyz!") is None


def test_unrelated_histories_have_no_divergence() -> None:
    graph = CommitGraph()

    assert graph.divergence(base=add(graph), head=add(graph)) is None


def test_merge_bases_are_the_newest_shared_commit() -> None:
    graph = CommitGraph()
    root = add(graph)
    fork = add(graph, root)
    left, right = add(graph, fork), add(graph, fork)

    divergence = graph.divergence(base=left, head=right)

    assert divergence is not None
    assert (divergence.merge_base, divergence.ahead, divergence.behind) == (fork, (right,), (left,))
    assert divergence.status == "DIVERGED"


@pytest.mark.parametrize("seed", range(20))
def test_divergence_is_the_difference_of_the_ancestors(seed: int) -> None:
    chance, graph = random.Random(seed), CommitGraph()
    shas = [add(graph)]
    for _ in range(40):
        shas.append(add(graph, *dict.fromkeys(chance.choices(shas[-6:], k=chance.choice((1, 1, 2))))))

    for base, head in [chance.sample(shas, 2) for _ in range(20)]:
        divergence = graph.divergence(base=base, head=head)

        assert divergence is not None
        assert set(divergence.ahead) == ancestors(graph, head) - ancestors(graph, base)
        assert set(divergence.behind) == ancestors(graph, base) - ancestors(graph, head)
