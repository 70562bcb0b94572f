"""The tick: what it does is told where it is due; here is what it costs when nothing is."""

import pytest
from pytest_django import DjangoAssertNumQueries

from deployments.operations.tick import tick
from tests.factories import NOW

QUIET = NOW.replace(minute=7)


@pytest.mark.usefixtures("db")
def test_a_tick_with_nothing_to_do_asks_four_statements(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(4):
        tick(now=QUIET)
