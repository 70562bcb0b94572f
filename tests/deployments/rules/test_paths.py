"""Which files belong to a site of a monorepo: patterns as in GitHub's workflows."""

import pytest

from deployments.rules.paths import UnableToParsePaths, parse_paths, touches


@pytest.mark.parametrize(
    ("patterns", "file", "is_ours"),
    [
        ("services/api/**", "services/api/main.go", True),
        ("services/api/**", "services/api/v2/routes/list.go", True),
        ("services/api/**", "services/apis/main.go", False),
        ("services/*/go.mod", "services/api/go.mod", True),
        ("services/*/go.mod", "services/api/v2/go.mod", False),
        ("**/*.go", "main.go", True),
        ("**/*.go", "services/api/main.go", True),
        ("*.md", "docs/index.md", False),
        ("go.mod", "go.mod", True),
        ("go.mod", "goxmod", False),
        # A folder that is named as such: else no commit would ever be the site's.
        ("services/api", "services/api/main.go", True),
        ("services/api", "services/apis/main.go", False),
        ("web, !web/docs", "web/docs/index.md", False),
        ("services/*", "services/api/main.go", False),
        ("page-?.html", "page-1.html", True),
        ("web/**, !web/docs/**", "web/docs/index.md", False),
        ("web/**, !web/docs/**", "web/index.ts", True),
        ("web/**, !web/docs/**, web/docs/api.md", "web/docs/api.md", True),
        ("a [1]/**", "a [1]/x", True),
        ("**", "anything/at/all", True),
    ],
)
def test_a_file_belongs_where_the_last_pattern_that_fits_says_so(
    patterns: str, file: str, is_ours: bool
) -> None:
    assert touches([file], parse_paths(patterns)) is is_ours


def test_one_file_of_a_commit_is_enough() -> None:
    assert touches(["README.md", "web/index.ts"], parse_paths("web/**"))
    assert not touches([], parse_paths("web/**"))


def test_patterns_are_parted_by_commas_or_lines() -> None:
    assert parse_paths(" web/**,\n go.mod ,\n") == ("web/**", "go.mod")


@pytest.mark.parametrize("text", ["/web/**", "./web", "web/", "web\\index.ts", "!web/**", "web/**, !"])
def test_what_is_no_path_of_a_repository_says_how_to_write_it(text: str) -> None:
    with pytest.raises(UnableToParsePaths):
        parse_paths(text)
