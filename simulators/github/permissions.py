"""What one token may read, and the words in which GitHub refuses the rest."""

from dataclasses import dataclass

from simulators.github.refusals import GitHubRefusal

ALL_PERMISSIONS = {"checks": "read", "contents": "read", "metadata": "read", "statuses": "read"}
_READ = frozenset({"read", "write", "admin"})


@dataclass(frozen=True)
class TokenPermissions:
    """Of the repositories of `owner` (empty: of everyone's), what `permissions` name may be read.

    A fine-grained token is never offered `checks`, and reads a roll-up's state without: https://github.com/orgs/community/discussions/179545.
    """

    owner: str
    permissions: frozenset[str]
    is_app: bool = False

    @classmethod
    def granted(cls, owner: str, permissions: dict[str, str], *, is_app: bool = False) -> "TokenPermissions":
        readable = frozenset(name for name, level in permissions.items() if level in _READ)
        return cls(owner.lower(), readable, is_app)

    def sees(self, owner: str) -> bool:
        return self.owner in {"", owner.lower()}

    def lacks(self, *names: str) -> bool:
        return not self.permissions.issuperset(names)

    def demand(self, *names: str) -> None:
        """Raises the error of GraphQL's field, whose value is then null, where one of them is missing."""
        if self.lacks(*names):
            raise GitHubRefusal("FORBIDDEN", self.refusal, saml_failure=False)

    def demand_checks(self) -> None:
        self.demand(*(("checks", "statuses") if self.is_app else ("statuses",)))

    @property
    def refusal(self) -> str:
        return f"Resource not accessible by {'integration' if self.is_app else 'personal access token'}"
