"""How long a test's clients wait for the far ends."""

import pytest


def timeout_seconds(request: pytest.FixtureRequest) -> float:
    """Long, since a busy machine is no failure; short for a test marked `impatient`, in which the far end is silent."""
    return 3.0 if request.node.get_closest_marker("impatient") else 60.0
