"""Authentication and authorization: bearer tokens and RBAC, read from the files in k8s/."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from simulators.cluster.errors import forbidden, unauthorized
from simulators.cluster.kinds import ROLE_BINDINGS, ROLES, Json, Kind
from simulators.cluster.store import Store

ANONYMOUS = "system:anonymous"
ADMIN = "kubernetes-admin"
_ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True)
class ResourceAttributes:
    """What someone wants to do, in RBAC's words; `resource` has its subresource behind a slash."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


def _documents(folders: Sequence[Path], kind: str) -> list[Json]:
    texts = [path.read_text() for folder in folders for path in sorted(folder.glob("*.yaml"))]
    return [one for text in texts for one in _parsed(text) if one.get("kind") == kind]


@cache
def _parsed(text: str) -> list[Json]:
    """Every document of a file, which nobody changes: many clusters start from the same files."""
    return [one for one in yaml.load_all(text, yaml.CSafeLoader) if one]


class Authorisation:
    """`rbac` are the folders with the Roles, the RoleBindings and the ServiceAccount of the user `headway`.

    Roles and RoleBindings that someone has created in the cluster count as well.
    """

    def __init__(self, rbac: Sequence[Path], store: Store) -> None:
        self._store = store
        account = _documents(rbac, "ServiceAccount")[0]["metadata"]
        self._names = {
            "admin": ADMIN,
            "headway": f"system:serviceaccount:{account['namespace']}:{account['name']}",
        }
        self._tokens = {user: secrets.token_urlsafe(24) for user in self._names}
        self._roles = {role["metadata"]["name"]: role for role in _documents(rbac, "Role")}
        self._grants: list[tuple[str, str, list[Json]]] = []
        for binding in _documents(rbac, "RoleBinding"):
            self._bind(binding, binding["metadata"]["namespace"])
        self._bindings = _documents(rbac, "RoleBinding")

    def _bind(self, binding: Json, namespace: str) -> None:
        rules = self._roles[binding["roleRef"]["name"]]["rules"]
        for subject in binding["subjects"]:
            user = f"system:serviceaccount:{subject['namespace']}:{subject['name']}"
            self._grants.append((user, namespace, rules))

    def bind(self, namespace: str) -> None:
        """Grants the same Roles in another namespace too, as further RoleBindings would."""
        for binding in self._bindings:
            self._bind(binding, namespace)

    def unbind(self, namespace: str) -> None:
        """Takes back every RoleBinding of the namespace."""
        self._grants = [grant for grant in self._grants if grant[1] != namespace]

    def token(self, user: str) -> str:
        """A user's token; a ServiceAccount, by its full name, gets one on first use."""
        if user.startswith(_ACCOUNT) and user not in self._names:
            self._names[user] = user
            self._tokens[user] = secrets.token_urlsafe(24)
        return self._tokens[user]

    def token_of_account(self, namespace: str, name: str) -> str:
        return self.token(f"{_ACCOUNT}{namespace}:{name}")

    def rotate(self, user: str) -> str:
        """A new token; the old one is refused from now on."""
        self._tokens[user] = secrets.token_urlsafe(24)
        return self._tokens[user]

    def full_name(self, user: str) -> str:
        return self._names[user]

    def who(self, header: str) -> str:
        """The user's full name, `system:anonymous` without a token; raises 401 for a token nobody has."""
        if not header:
            return ANONYMOUS
        word, _, token = header.partition(" ")
        for user, known in self._tokens.items():
            if word.lower() == "bearer" and secrets.compare_digest(token.strip().encode(), known.encode()):
                return self._names[user]
        raise unauthorized()

    def allows(self, user: str, attributes: ResourceAttributes) -> bool:
        if user == ADMIN:
            return True
        if attributes.verb == "create" and attributes.resource in (
            "selfsubjectaccessreviews",
            "selfsubjectreviews",
        ):
            return user != ANONYMOUS
        return any(
            _rule_allows(rule, attributes)
            for holder, where, rules in (*self._grants, *self._stored())
            if holder == user and where == attributes.namespace
            for rule in rules
        )

    def _stored(self) -> Iterator[tuple[str, str, list[Json]]]:
        """Holder, namespace and rules of each RoleBinding that was created here."""
        for binding in self._store.all_of(ROLE_BINDINGS.plural):
            namespace = binding["metadata"]["namespace"]
            role = self._store.find(ROLES.plural, namespace, binding["roleRef"]["name"]) or {}
            for subject in binding.get("subjects") or ():
                holder = f"{_ACCOUNT}{subject.get('namespace')}:{subject['name']}"
                yield holder, namespace, role.get("rules") or []

    def check(self, user: str, attributes: ResourceAttributes, kind: Kind) -> None:
        """Raises 403 in the API server's words."""
        if self.allows(user, attributes):
            return
        why = f'User "{user}" cannot {attributes.verb} resource "{attributes.resource}" in API group "{attributes.group}"'
        scope = (
            f'in the namespace "{attributes.namespace}"' if attributes.namespace else "at the cluster scope"
        )
        raise forbidden(kind, attributes.name, f"{why} {scope}")


def _rule_allows(rule: Json, attributes: ResourceAttributes) -> bool:
    def covers(listed: list[str], value: str) -> bool:
        return "*" in listed or value in listed

    names = rule.get("resourceNames")
    return (
        covers(rule["verbs"], attributes.verb)
        and covers(rule["apiGroups"], attributes.group)
        and covers(rule["resources"], attributes.resource)
        and (not names or attributes.name in names)
    )
