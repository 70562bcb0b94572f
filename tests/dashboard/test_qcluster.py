"""django-q2's own worker cannot read our queue."""

import pytest
from django.core.management import CommandError, call_command, get_commands


@pytest.mark.parametrize("options", [(), ("--run-once",), ("--name", "other")])
def test_starting_it_names_our_worker(options: tuple[str, ...]) -> None:
    assert get_commands()["qcluster"] == "dashboard", "Else this test would run it."

    with pytest.raises(CommandError, match=r"Run `manage.py worker` instead"):
        call_command("qcluster", *options)
