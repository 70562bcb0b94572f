"""How long a test's clients wait for the external services."""

import pytest


def timeout_seconds(request: pytest.FixtureRequest) -> float:
    """Long, since a busy machine is no failure; short for a test marked `impatient`, in which the external service is silent."""
    return 3.0 if request.node.get_closest_marker("impatient") else 60.0
