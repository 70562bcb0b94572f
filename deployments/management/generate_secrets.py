"""An installation's secrets, generated once: `python -m deployments.management.generate_secrets`.

In the cluster a Job runs it, which may create Secrets and nothing else: what is there already is neither read nor changed, so the Job
may run again. With `--print` it writes lines for an environment file instead, for compose.yaml. No Django: its settings
would want these very secrets.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

from deployments.clients.cluster import AlreadyExists, ClusterError, connect

SECRET = "headway"  # noqa: S105  its name
OWNER, WEB, WORKER = "headway", "headway_web", "headway_worker"
OUR_OWN = "postgres://headway@headway-postgres:5432/headway"
"""The PostgreSQL of k8s/components/postgres; the password is generated as well."""


class UnableToGenerate(Exception):
    """The sentence says what to correct."""


def generated(database_url: str = "") -> dict[str, str]:
    """Return fresh values by name. `database_url` is the owner's address of a database that is there; none: our own component's.

    Raises UnableToGenerate for an address that names no host and database.
    """
    values = {
        "SECRET_KEY": token_hex(32),
        "METRICS_TOKEN": token_hex(24),
        "WEB_DATABASE_URL": _as_role(database_url or OUR_OWN, WEB, token_hex(24)),
        "WORKER_DATABASE_URL": _as_role(database_url or OUR_OWN, WORKER, token_hex(24)),
    }
    if database_url:
        return values | {"DATABASE_URL": database_url}
    owner = token_hex(24)
    return values | {
        "DATABASE_URL": _as_role(OUR_OWN, OWNER, owner),
        "HEADWAY_PASSWORD": owner,
        "POSTGRES_PASSWORD": token_hex(24),
    }


def _as_role(database_url: str, role: str, password: str) -> str:
    """The same database, for another role. What is generated needs no percent-encoding."""
    parts = urlsplit(database_url)
    address = parts.netloc.rpartition("@")[2]
    if parts.scheme not in {"postgres", "postgresql"} or not address or not parts.path.strip("/"):
        raise UnableToGenerate(
            "DATABASE_URL names no database. Write postgres://owner:password@host:5432/name, the address of the tables' owner."
        )
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{address}"))


def main() -> None:
    """Exit with 0 where the secrets are there at the end, else with 1 and a sentence."""
    parser = argparse.ArgumentParser(prog="python -m deployments.management.generate_secrets")
    parser.add_argument("--namespace", default="headway")
    parser.add_argument("--print", action="store_true", help="write lines for an environment file instead")
    options = parser.parse_args()
    try:
        values = generated(os.environ.get("DATABASE_URL", ""))
        if options.print:
            sys.stdout.writelines(f"{name}={value}\n" for name, value in values.items())
            return
        sys.stdout.write(_create(options.namespace, values) + "\n")
    except (UnableToGenerate, ClusterError) as error:
        sys.exit(str(error))


def _create(namespace: str, values: Mapping[str, str]) -> str:
    kubeconfig = os.environ.get("KUBECONFIG", "")
    with connect(kubeconfig=Path(kubeconfig) if kubeconfig else None) as cluster:
        try:
            cluster.create_secret(namespace, SECRET, values)
        except AlreadyExists:
            return f"The Secret {SECRET} is there already: nothing was changed."
    return f"The Secret {SECRET} was created, with {', '.join(sorted(values))}."


if __name__ == "__main__":
    main()
