"""What is said in many places is written in one."""

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
HOME_OF_SHORT = CHECKOUT / "deployments/rules/wording.py"


@pytest.mark.parametrize(
    ("folder", "kind"), [("deployments", "py"), ("dashboard", "py"), ("templates", "html")]
)
def test_a_commit_is_shortened_by_one_function(folder: str, kind: str) -> None:
    files = [each for each in (CHECKOUT / folder).rglob(f"*.{kind}") if each != HOME_OF_SHORT]

    others = [
        str(each.relative_to(CHECKOUT))
        for each in files
        if "[:7]" in each.read_text() or 'slice:":7"' in each.read_text()
    ]

    assert len(files) > 5
    assert others == []
