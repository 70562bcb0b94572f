"""Who gets another try: nobody but a browser."""

import pytest


def test_only_tests_that_drive_a_browser_are_run_again(request: pytest.FixtureRequest) -> None:
    items = request.session.items

    run_again = {each.nodeid for each in items if each.get_closest_marker("flaky")}

    assert run_again == {each.nodeid for each in items if each.get_closest_marker("browser")}
