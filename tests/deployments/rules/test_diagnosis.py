"""A new incident is a new file in cases/diagnosis: pods and events as the API server sent them, and the expected words."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from deployments.clients.cluster import parse
from deployments.rules.diagnosis import diagnose

CASES = sorted((Path(__file__).parent / "cases" / "diagnosis").glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_keeps_pods_from_getting_ready_is_said_as_its_case_expects(path):
    case = yaml.safe_load(path.read_text(encoding="utf-8"))

    diagnosis = diagnose(
        [parse.pod(each) for each in case["pods"]],
        [parse.event(each) for each in case["events"]],
        container=case["container"],
        image=case["image"],
        now=datetime.fromisoformat(case["now"]),
    )

    stated = asdict(diagnosis) if diagnosis else None
    expected = case["expect"]
    assert (stated and {name: stated[name] for name in expected or stated}) == expected
