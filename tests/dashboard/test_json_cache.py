"""The cache in the database, whose values are JSON."""

import pickle
import threading
from base64 import b64encode

import pytest
from django.core.cache import cache
from django.db import connection
from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty(db: None) -> None:
    cache.clear()


def write(value: str) -> None:
    """Put what someone else wrote where `known` lies."""
    cache.set("known", 1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE headway_cache SET value = %s", [value])


@pytest.mark.parametrize("value", [None, True, "text", 1.5, [1.0, 2.0], {"a": [None]}], ids=str)
def test_a_plain_value_comes_back(value: object) -> None:
    cache.set("known", value)

    assert cache.get("known", "default") == value


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError):
        cache.set("known", object())


@pytest.mark.parametrize(
    "text", [b64encode(pickle.dumps([1])).decode(), "", "{", "\ufeff1", "[" * 100_000], ids=range(5)
)
def test_what_someone_else_wrote_is_a_miss(text: str) -> None:
    write(text)

    assert cache.get("known", "default") == "default"


@pytest.mark.parametrize("timeout", [0, -1])
def test_what_has_expired_is_a_miss_and_can_be_added_again(timeout: int) -> None:
    cache.set("known", 1, timeout)

    assert cache.get("known") is None
    assert cache.add("known", 2)
    assert cache.get("known") == 2


def test_what_never_expires_stays() -> None:
    cache.set("known", 1, None)

    assert cache.get("known") == 1


def test_a_key_is_added_once() -> None:
    assert cache.add("known", 1)
    assert not cache.add("known", 2)
    assert cache.get("known") == 1


def test_a_deleted_key_is_gone_once() -> None:
    cache.set("known", 1)

    assert (cache.delete("known"), cache.delete("known"), cache.get("known")) == (True, False, None)


def test_a_touched_key_lives_until_its_new_end() -> None:
    cache.set("known", 1)

    assert cache.touch("known", 0)
    assert not cache.touch("known", 60)
    assert cache.get("known") is None


def test_a_counter_counts() -> None:
    cache.set("known", 1)

    assert cache.incr("known", 4) == 5


def test_above_the_limit_what_expires_first_goes(settings: Settings) -> None:
    kept = cache._connections["default"]  # type: ignore[attr-defined]
    kept._max_entries, before = 3, kept._max_entries
    try:
        for number in range(5):
            cache.set(str(number), number, 100 + number)
    finally:
        kept._max_entries = before

    assert cache.get_many(map(str, range(5))) == {"2": 2, "3": 3, "4": 4}


@pytest.mark.django_db(transaction=True)
def test_of_many_that_add_a_key_at_once_one_does() -> None:
    won = []

    def add() -> None:
        won.append(cache.add("known", 1))
        connection.close()

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(won) == [False] * 7 + [True]
