"""Which commit follows which, in a history with merges."""

from deployments.rules.commit_graph import contained_in, mainline

STRAIGHT = {"d": ["c"], "c": ["b"], "b": ["a"]}
MERGED = {"m": ["b", "s2"], "s2": ["s1"], "s1": ["old"], "b": ["a"]}
"""A side branch that began before what runs, `a`."""


def test_below_the_head_are_those_that_were_the_branch_s_newest() -> None:
    assert mainline(STRAIGHT, base="a", head="d") == ("c", "b")


def test_a_merged_side_branch_was_never_the_branch_s_newest() -> None:
    assert mainline(MERGED, base="a", head="m") == ("b",)


def test_a_line_that_does_not_lead_to_what_runs_has_none() -> None:
    assert mainline(MERGED, base="s1", head="m") == ()
    assert mainline({"d": ["c"], "c": ["b"]}, base="a", head="d") == ()
    assert mainline({}, base="a", head="d") == ()


def test_parents_that_lead_in_a_circle_come_to_an_end() -> None:
    assert mainline({"d": ["c"], "c": ["d"]}, base="a", head="d") == ()
    assert contained_in({"d": ["c"], "c": ["d"]}, "d") == {"c", "d"}


def test_a_commit_contains_what_its_parents_contain() -> None:
    assert contained_in(MERGED, "m") == {"m", "b", "s1", "s2"}
    assert contained_in(MERGED, "s2") == {"s1", "s2"}
    assert contained_in(MERGED, "b") == {"b"}
    assert contained_in(MERGED, "elsewhere") == frozenset()
