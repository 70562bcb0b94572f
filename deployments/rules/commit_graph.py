"""Which commits of a range lead to which, by their parents."""

from collections.abc import Mapping, Sequence


def mainline(parents: Mapping[str, Sequence[str]], *, base: str, head: str) -> tuple[str, ...]:
    """The commits below `head` that were the branch's newest themselves, newest first: its first parents down to `base`.

    None where those do not lead to `base`: what is not known to come after it would take something out.
    """
    line, left, sha = [], dict(parents), head
    while before := left.pop(sha, None):
        line.append(sha)
        sha = before[0]
    return tuple(line[1:]) if sha == base else ()


def contained_in(parents: Mapping[str, Sequence[str]], sha: str) -> frozenset[str]:
    """`sha` and all commits of the range that it comes after; none where it is not of the range."""
    found, waiting = set[str](), [sha]
    while waiting:
        each = waiting.pop()
        if each in parents and each not in found:
            found.add(each)
            waiting += parents[each]
    return frozenset(found)
