"""Finding the cluster: a kubeconfig's current context, or the ServiceAccount of the pod we run in."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from deployments.clients.cluster.client import Cluster
from deployments.clients.cluster.errors import ClusterRefused, NotConfigured
from deployments.clients.cluster.transport import Timeouts, Transport
from deployments.clients.deadline import TooLate, in_time, within

_SIGN_IN_SECONDS = 30
_IMPERSONATION = ("as", "as-uid", "as-groups", "as-user-extra")


def preload() -> None:
    """Import what `connect` needs: once in a parent process, whose children then share the memory."""
    from kubernetes import client, config  # noqa: F401


def connect(
    *, kubeconfig: Path | None = None, timeout_seconds: Timeouts = (3, 10), longest_answer_seconds: float = 60
) -> Cluster:
    """A client for the kubeconfig's current context, or, without one, for the cluster that we run in.

    `timeout_seconds` are those to connect and between two reads, `longest_answer_seconds` those of a whole question. Nothing is asked of
    the cluster yet. The ServiceAccount's token is re-read every minute, and all credentials on the first 401. Raises
    NotConfigured, and ClusterRefused when a kubeconfig's plugin gives no credentials (the kubernetes package merely logs
    that and continues anonymously).
    """
    return Cluster(
        Transport(
            partial(_api_client, kubeconfig),
            timeout_seconds=timeout_seconds,
            longest_answer_seconds=longest_answer_seconds,
        )
    )


def _api_client(kubeconfig: Path | None) -> Any:
    """The kubernetes package's client with the credentials that lie there now."""
    from kubernetes import client

    configuration = client.Configuration()
    # A GET would be sent up to four times, each waiting for its timeout; who calls decides about trying again.
    configuration.retries = False
    if kubeconfig is None:
        _load_service_account(configuration)
    else:
        _load_kubeconfig(configuration, kubeconfig)
    api_client = client.ApiClient(configuration)
    api_client.user_agent = "headway"
    return api_client


def _load_service_account(configuration: Any) -> None:
    from kubernetes import config

    try:
        config.load_incluster_config(client_configuration=configuration)
    except (config.ConfigException, OSError) as error:
        raise NotConfigured(
            "No cluster is named. Set KUBECONFIG to a kubeconfig file, or run Headway in a pod with a ServiceAccount. "
            f"({error})"
        ) from error


def _load_kubeconfig(configuration: Any, path: Path) -> None:
    import yaml
    from kubernetes import config

    if not path.is_file():
        raise NotConfigured(f"There is no kubeconfig at {path}. Correct KUBECONFIG.")
    try:
        user = _user(yaml.safe_load(path.read_text(encoding="utf-8")))
        _check_impersonation(user, path)
        plugin = str((user.get("exec") or {}).get("command") or "")
        _check_installed(plugin, path)
        load = partial(config.load_kube_config, str(path), persist_config=False)
        _sign_in(partial(load, client_configuration=configuration), plugin, path)
    except yaml.YAMLError as error:
        # Its own words quote the line, and beside a mistake may stand a token.
        mark = getattr(error, "problem_mark", None)
        line = f" from line {mark.line + 1} on" if mark else ""
        raise NotConfigured(f"The kubeconfig at {path} cannot be read as YAML{line}. Correct it.") from None
    except (config.ConfigException, OSError, UnicodeError) as error:
        raise NotConfigured(f"The kubeconfig at {path} cannot be used: {error}") from error
    except (AttributeError, KeyError, StopIteration, TypeError, ValueError) as error:
        raise NotConfigured(f"The kubeconfig at {path} is not one. Correct KUBECONFIG.") from error
    if plugin and not configuration.api_key and not configuration.cert_file:
        raise ClusterRefused(
            f"“{plugin}”, by which the kubeconfig at {path} signs in, gave no credentials. Run it by hand to see why."
        )
    if renew := configuration.refresh_api_key_hook:
        configuration.refresh_api_key_hook = lambda asking: _sign_in(partial(renew, asking), plugin, path)


def _sign_in(call: Callable[[], None], plugin: str, kubeconfig: Path) -> None:
    """Run what may run a plugin, or ask an identity provider, neither of which has a deadline. Raises ClusterRefused."""
    try:
        with within(_SIGN_IN_SECONDS):
            in_time(call)
    except TooLate as error:
        raise ClusterRefused(
            f"“{plugin or 'The identity provider'}”, by which the kubeconfig at {kubeconfig} signs in, gave no credentials "
            f"within {_SIGN_IN_SECONDS} seconds. Run it by hand to see why."
        ) from error


def _user(kubeconfig: Any) -> Any:
    """What the current context's user signs in by; nothing where it has none."""
    context = _named(kubeconfig, "contexts", kubeconfig["current-context"])["context"]
    return _named(kubeconfig, "users", context["user"])["user"] or {} if context.get("user") else {}


def _check_impersonation(user: Any, kubeconfig: Path) -> None:
    """The kubernetes package leaves it out, and would ask as the account behind: one with other permissions.

    https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#AuthInfo
    """
    if found := [name for name in _IMPERSONATION if user.get(name)]:
        raise NotConfigured(
            f"The kubeconfig at {kubeconfig} impersonates another account ({found[0]}: {user[found[0]]}), which Headway cannot do. "
            "Use a kubeconfig that signs in as that account."
        )


def _named(kubeconfig: Any, kind: str, name: str) -> Any:
    return next(each for each in kubeconfig[kind] if each["name"] == name)


def _check_installed(plugin: str, kubeconfig: Path) -> None:
    """A relative path is the kubeconfig's neighbour, as kubectl has it."""
    beside = kubeconfig.parent / plugin
    if plugin and not shutil.which(plugin) and not shutil.which(beside):
        raise ClusterRefused(
            f"The kubeconfig at {kubeconfig} signs in by “{plugin}”, which is not installed here. Install it, or use a "
            "kubeconfig with a token."
        )
