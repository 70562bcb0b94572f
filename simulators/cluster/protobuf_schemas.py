"""The field numbers of a Job, as far as the demo's manifests go: batch/v1, core/v1 and meta/v1 generated.proto."""

from dataclasses import dataclass
from typing import Any

Schema = dict[int, tuple[str, Any] | None]
"""Name and kind by field number; None is a field that is read over."""


class Whole(Schema):
    """A message of which nothing is lost: one with a field that is not listed here is not understood."""


@dataclass(frozen=True)
class Each:
    """A list of this kind."""

    kind: Any


@dataclass(frozen=True)
class Map:
    """Texts to this kind."""

    kind: Any


QUANTITY: Schema = {1: ("string", str)}
_OWNER = Whole(
    {
        1: ("kind", str),
        3: ("name", str),
        4: ("uid", str),
        5: ("apiVersion", str),
        6: ("controller", bool),
        7: ("blockOwnerDeletion", bool),
    }
)
_METADATA = Whole(
    {
        1: ("name", str),
        2: ("generateName", str),
        3: ("namespace", str),
        4: None,
        5: None,
        6: None,
        7: None,
        8: None,
        11: ("labels", Map(str)),
        12: ("annotations", Map(str)),
        13: ("ownerReferences", Each(_OWNER)),
    }
)
_RESOURCES = Whole({1: ("limits", Map(QUANTITY)), 2: ("requests", Map(QUANTITY))})
_PORT = Whole(
    {
        1: ("name", str),
        2: ("hostPort", int),
        3: ("containerPort", int),
        4: ("protocol", str),
        5: ("hostIP", str),
    }
)
_CONTAINER = Whole(
    {
        1: ("name", str),
        2: ("image", str),
        3: ("command", Each(str)),
        4: ("args", Each(str)),
        5: ("workingDir", str),
        6: ("ports", Each(_PORT)),
        7: ("env", Each(Whole({1: ("name", str), 2: ("value", str)}))),
        8: ("resources", _RESOURCES),
        13: ("terminationMessagePath", str),
        14: ("imagePullPolicy", str),
        16: None,
        17: None,
        18: None,
        20: ("terminationMessagePolicy", str),
        24: ("restartPolicy", str),
    }
)
_POD = Whole(
    {
        2: ("containers", Each(_CONTAINER)),
        3: ("restartPolicy", str),
        4: ("terminationGracePeriodSeconds", int),
        5: ("activeDeadlineSeconds", int),
        6: ("dnsPolicy", str),
        7: ("nodeSelector", Map(str)),
        8: ("serviceAccountName", str),
        9: ("serviceAccount", str),
        10: ("nodeName", str),
        11: None,
        12: None,
        13: None,
        14: ("securityContext", {}),
        16: ("hostname", str),
        17: ("subdomain", str),
        19: ("schedulerName", str),
        20: ("initContainers", Each(_CONTAINER)),
        24: ("priorityClassName", str),
    }
)
_TEMPLATE = Whole({1: ("metadata", _METADATA), 2: ("spec", _POD)})
_JOB_SPEC = Whole(
    {
        1: ("parallelism", int),
        2: ("completions", int),
        3: ("activeDeadlineSeconds", int),
        6: ("template", _TEMPLATE),
        7: ("backoffLimit", int),
        8: ("ttlSecondsAfterFinished", int),
        9: ("completionMode", str),
        10: ("suspend", bool),
        14: ("podReplacementPolicy", str),
    }
)
JOB = Whole({1: ("metadata", _METADATA), 2: ("spec", _JOB_SPEC), 3: None})
