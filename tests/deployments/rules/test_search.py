"""Which sites match a search."""

import pytest

from deployments.rules.search import finds

SHAS = ("ab12cd34" + "0" * 32, "feed5678" + "1" * 32)


@pytest.mark.parametrize(
    ("word", "is_found"),
    [
        ("sched", True),
        ("ab12cd34", True),
        ("feed", True),
        ("cd34", False),
        ("fee", False),
        ("", True),
        ("ab12cd34" + "0" * 32, True),
        ("ab12cd34" + "0" * 33, False),
    ],
    ids=[
        *("a part of a word", "a short SHA", "four of its digits", "an end of a SHA", "three of its digits"),
        *("nothing", "a whole SHA", "more than a SHA"),
    ],
)
def test_a_word_is_found_in_the_text_or_as_the_beginning_of_a_sha(word: str, *, is_found: bool) -> None:
    assert finds(word, text="try a newer scheduler", shas=SHAS) is is_found
