"""Tables: the columns that `kubectl get` prints (pkg/printers/internalversion)."""

from collections.abc import Callable

from simulators.cluster.kinds import (
    CONTROLLER_REVISIONS,
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    NAMESPACES,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    Json,
    Kind,
    pod_template,
)
from simulators.cluster.names import parse_timestamp
from simulators.cluster.requests import Request
from simulators.cluster.simulated_time import now

Row = Callable[[Json], list[object]]


def wants_table(request: Request) -> bool:
    return "as=Table" in request.headers.get("accept", "") and "g=meta.k8s.io" in request.headers.get(
        "accept", ""
    )


def age(text: str | None) -> str:
    """How long ago, as kubectl abbreviates it."""
    if not text:
        return "<unknown>"
    seconds = int((now() - parse_timestamp(text)).total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{max(0, seconds)}s"


def _created(thing: Json) -> str:
    return age(thing["metadata"].get("creationTimestamp"))


def _deployment(thing: Json) -> list[object]:
    status = thing["status"]
    ready = f"{status.get('readyReplicas', 0)}/{thing['spec']['replicas']}"
    counts = [status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    return [thing["metadata"]["name"], ready, *counts, _created(thing), *_wide(thing)]


def _replica_set(thing: Json) -> list[object]:
    numbers = [
        thing["spec"]["replicas"],
        thing["status"].get("replicas", 0),
        thing["status"].get("readyReplicas", 0),
    ]
    return [thing["metadata"]["name"], *numbers, _created(thing), *_wide(thing)]


def _stateful_set(thing: Json) -> list[object]:
    ready = f"{thing['status'].get('readyReplicas', 0)}/{thing['spec']['replicas']}"
    return [thing["metadata"]["name"], ready, _created(thing), *_wide(thing)[:2]]


def _daemon_set(thing: Json) -> list[object]:
    fields = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    numbers = [thing["status"].get(field, 0) for field in fields]
    selected = (thing["spec"]["template"]["spec"].get("nodeSelector") or {}).items()
    nodes = ",".join(f"{key}={value}" for key, value in selected) or "<none>"
    return [thing["metadata"]["name"], *numbers, nodes, _created(thing), *_wide(thing)]


def _controller_revision(thing: Json) -> list[object]:
    owner = thing["metadata"]["ownerReferences"][0]
    controller = f"{owner['kind'].lower()}.apps/{owner['name']}"
    return [thing["metadata"]["name"], controller, thing["revision"], _created(thing)]


def _cron_job(thing: Json) -> list[object]:
    spec, status = thing["spec"], thing["status"]
    last = age(status["lastScheduleTime"]) if "lastScheduleTime" in status else "<none>"
    numbers = [str(spec["suspend"]), len(status.get("active", ())), last]
    zone = spec.get("timeZone", "<none>")
    return [thing["metadata"]["name"], spec["schedule"], zone, *numbers, _created(thing), *_wide(thing)]


def _job(thing: Json) -> list[object]:
    listed = [one["type"] for one in thing["status"].get("conditions", ()) if one["status"] == "True"]
    word = next((one for one in ("Complete", "Failed", "Suspended") if one in listed), "Running")
    done = f"{thing['status'].get('succeeded', 0)}/{thing['spec']['completions']}"
    lasted = age(thing["status"].get("startTime"))
    return [thing["metadata"]["name"], word, done, lasted, _created(thing), *_wide(thing)]


def _wide(thing: Json) -> list[str]:
    containers = pod_template(thing)["spec"]["containers"]
    labels = (thing["spec"].get("selector", {}).get("matchLabels") or {}).items()
    return [
        ",".join(one["name"] for one in containers),
        ",".join(one["image"] for one in containers),
        ",".join(f"{key}={value}" for key, value in labels),
    ]


def _pod(thing: Json) -> list[object]:
    statuses = thing["status"].get("containerStatuses", [])
    ready = f"{sum(one['ready'] for one in statuses)}/{len(thing['spec']['containers'])}"
    restarts = sum(one["restartCount"] for one in statuses)
    word = thing["status"]["phase"]
    for one in statuses:
        word = next((state["reason"] for state in one["state"].values() if "reason" in state), word)
    if "deletionTimestamp" in thing["metadata"]:
        word = "Terminating"
    place = [thing["status"].get("podIP", "<none>"), thing["spec"].get("nodeName", "<none>")]
    return [thing["metadata"]["name"], ready, word, restarts, _created(thing), *place]


def _event(thing: Json) -> list[object]:
    about = f"{thing['involvedObject']['kind'].lower()}/{thing['involvedObject']['name']}"
    return [age(thing["lastTimestamp"]), thing["type"], thing["reason"], about, thing["message"]]


def _namespace(thing: Json) -> list[object]:
    return [thing["metadata"]["name"], thing["status"]["phase"], _created(thing)]


_WIDE = ("Containers", "Images", "Selector")
_COLUMNS: dict[str, tuple[tuple[str, ...], int, Row]] = {
    DEPLOYMENTS.plural: (("Name", "Ready", "Up-to-date", "Available", "Age", *_WIDE), 5, _deployment),
    REPLICA_SETS.plural: (("Name", "Desired", "Current", "Ready", "Age", *_WIDE), 5, _replica_set),
    STATEFUL_SETS.plural: (("Name", "Ready", "Age", "Containers", "Images"), 3, _stateful_set),
    DAEMON_SETS.plural: (
        ("Name", "Desired", "Current", "Ready", "Up-to-date", "Available", "Node Selector", "Age", *_WIDE),
        8,
        _daemon_set,
    ),
    CONTROLLER_REVISIONS.plural: (("Name", "Controller", "Revision", "Age"), 4, _controller_revision),
    CRON_JOBS.plural: (
        ("Name", "Schedule", "Timezone", "Suspend", "Active", "Last Schedule", "Age", *_WIDE),
        7,
        _cron_job,
    ),
    JOBS.plural: (("Name", "Status", "Completions", "Duration", "Age", *_WIDE), 5, _job),
    PODS.plural: (("Name", "Ready", "Status", "Restarts", "Age", "IP", "Node"), 5, _pod),
    EVENTS.plural: (("Last Seen", "Type", "Reason", "Object", "Message"), 5, _event),
    NAMESPACES.plural: (("Name", "Status", "Age"), 3, _namespace),
}

_NAME_AND_AGE: tuple[tuple[str, ...], int, Row] = (
    ("Name", "Age"),
    2,
    lambda thing: [thing["metadata"]["name"], _created(thing)],
)


def as_table(kind: Kind, things: list[Json], metadata: Json) -> Json:
    """A meta.k8s.io/v1 Table; the columns beyond the usual ones are shown with `-o wide` only."""
    names, usual, row = _COLUMNS.get(kind.plural, _NAME_AND_AGE)
    columns = [
        {
            "name": name,
            "type": "string",
            "format": "name" if name == "Name" else "",
            "priority": int(place >= usual),
        }
        for place, name in enumerate(names)
    ]
    rows = [{"cells": row(thing), "object": _partial(thing)} for thing in things]
    table: Json = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    return table | {"columnDefinitions": columns, "rows": rows}


def _partial(thing: Json) -> Json:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": thing["metadata"]}
