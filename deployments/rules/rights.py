"""What the worker may do in a namespace with sites, in RBAC's words. k8s/base/role.yaml says the same; a test compares them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Right:
    group: str
    resource: str
    """Its subresource stands behind a slash."""
    verbs: tuple[str, ...]
    named: bool = False
    """Whether it can be narrowed to the mapped Deployments: a list has no name."""
    what_for: str = ""


RIGHTS = (
    Right("apps", "deployments", ("get", "patch"), named=True, what_for="deploying"),
    Right("apps", "deployments", ("list",), what_for="seeing what runs"),
    Right("apps", "replicasets", ("list",), what_for="telling old pods from new ones"),
    Right("", "pods", ("list",), what_for="following rollouts"),
    Right("", "events", ("list",), what_for="explaining failures"),
    Right("", "pods/log", ("get",), what_for="quoting a crash's last lines"),
)
