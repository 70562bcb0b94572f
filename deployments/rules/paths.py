"""Which commits matter to a site of a monorepo: those that touch its paths, in the syntax of GitHub's path filters.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet: `*` ends at a slash, `**` does
not, and a pattern that begins with `!` takes files out again; the last one that fits decides. Without either a folder is all that it has.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from deployments.rules.wording import counted

_PIECES = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_PIECE = re.compile(r"\*\*/|\*\*|\*|\?")


class UnableToParsePaths(ValueError):
    """The sentence says which pattern is wrong."""


def parse_paths(text: str) -> tuple[str, ...]:
    """The patterns of a mapping, which commas or line breaks part. Raises UnableToParsePaths."""
    patterns = tuple(each for part in re.split(r"[,\n]", text) if (each := part.strip()))
    for each in patterns:
        path = each.removeprefix("!")
        if not path or path.startswith(("/", "./")) or "\\" in path or path.endswith("/"):
            raise UnableToParsePaths(
                f"“{each}” is not a path in the repository: write it without a slash before it, and a folder as services/api/**."
            )
    if patterns and all(each.startswith("!") for each in patterns):
        raise UnableToParsePaths("Only patterns with ! were given: name first what belongs to the site.")
    return patterns


def touches(files: Iterable[str], patterns: Sequence[str]) -> bool:
    """Whether one of the files is the site's."""
    return any(_is_ours(file, patterns) for file in files)


def none_of_them(count: int) -> str:
    """That newer commits are left out, without a full stop."""
    return f"{counted(count, 'newer commit')} {'touches' if count == 1 else 'touch'} none of its paths"


def key_of(*, running: str, head: str, paths: str) -> str:
    """What left-out commits were counted for."""
    return f"{running} {head} {paths}"


NOT_KNOWN = "Which of the newer commits touch its paths is not known yet."


def _is_ours(file: str, patterns: Sequence[str]) -> bool:
    decided = next((each for each in reversed(patterns) if _matcher(each).fullmatch(file)), "!")
    return not decided.startswith("!")


@lru_cache(maxsize=2048)
def _matcher(pattern: str) -> re.Pattern[str]:
    text, parts, at = pattern.removeprefix("!"), list[str](), 0
    for found in _PIECE.finditer(text):
        parts += [re.escape(text[at : found.start()]), _PIECES[found[0]]]
        at = found.end()
    within = "" if parts else "(?:/.*)?"
    return re.compile("".join([*parts, re.escape(text[at:]), within]), re.DOTALL)
