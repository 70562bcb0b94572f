"""What the worker may do in a namespace with sites, in RBAC's words. k8s/base/role.yaml says the same; a test compares them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Permission:
    group: str
    resource: str
    """Its subresource stands behind a slash."""
    verbs: tuple[str, ...]
    named: bool = False
    """Whether it can be narrowed to the mapped Deployments: a list has no name."""
    what_for: str = ""


PERMISSIONS = (
    Permission("apps", "deployments", ("get", "patch"), named=True, what_for="deploying"),
    Permission("apps", "deployments", ("list",), what_for="seeing what runs"),
    Permission("apps", "replicasets", ("list",), what_for="telling old pods from new ones"),
    Permission("", "pods", ("list",), what_for="following rollouts"),
    Permission("", "events", ("list",), what_for="explaining failures"),
    Permission("", "pods/log", ("get",), what_for="quoting a crash's last lines"),
)
