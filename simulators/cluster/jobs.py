"""The Job controller: pods until enough have succeeded, or too many have failed.

k8s.io/kubernetes, pkg/controller/job/job_controller.go; conditions as since Kubernetes 1.31.
"""

from datetime import UTC, datetime

from simulators.cluster.controller import Controller
from simulators.cluster.kinds import JOBS, Json
from simulators.cluster.names import parse_timestamp, timestamp
from simulators.cluster.pods import is_active, is_ready, new_pod, owner

_FAILED = "Job has reached the specified backoff limit"
_LATE = "Job was active longer than specified deadline"


def ended(job: Json) -> str:
    """`Complete`, `Failed`, or empty while it is under way."""
    listed = job["status"].get("conditions", ())
    return next(
        (one["type"] for one in listed if one["type"] in ("Complete", "Failed") and one["status"] == "True"),
        "",
    )


class JobController(Controller):
    kind = JOBS
    component = "job-controller"

    def sync(self, thing: Json) -> str:
        if ended(thing):
            self._forget_later(thing)
            return ""
        pods = self.own_pods(thing)
        active = [pod for pod in pods if is_active(pod)]
        succeeded, failed = (
            sum(pod["status"].get("phase") == phase for pod in pods) for phase in ("Succeeded", "Failed")
        )
        reason, message = self._failure(thing, active, failed)
        problem = ""
        if reason or succeeded >= thing["spec"]["completions"] or thing["spec"]["suspend"]:
            for pod in active:
                self.pods.delete(thing, pod, self.voice)
        else:
            problem = self._create(thing, active, succeeded)
        present = self.store.find(self.kind.plural, thing["metadata"]["namespace"], thing["metadata"]["name"])
        if present is not None:
            self.write_status(present, self._status(present, succeeded, failed, reason, message))
        return problem

    def _failure(self, thing: Json, active: list[Json], failed: int) -> tuple[str, str]:
        limit, deadline = thing["spec"]["backoffLimit"], thing["spec"].get("activeDeadlineSeconds")
        restarts = sum(
            one["restartCount"] for pod in active for one in pod["status"].get("containerStatuses", ())
        )
        restarted = thing["spec"]["template"]["spec"]["restartPolicy"] == "OnFailure" and restarts > limit
        if failed > limit or restarted:
            return "BackoffLimitExceeded", _FAILED
        started = thing["status"].get("startTime")
        if deadline is not None and started:
            left = deadline - (datetime.now(UTC) - parse_timestamp(started)).total_seconds()
            if left <= 0:
                return "DeadlineExceeded", _LATE
            self.again_in(thing, left + 0.05)
        return "", ""

    def _create(self, thing: Json, active: list[Json], succeeded: int) -> str:
        spec = thing["spec"]
        missing = min(spec["parallelism"], spec["completions"] - succeeded) - len(active)
        for _ in range(missing):
            pod = new_pod(thing, owner(self.kind, thing))
            if problem := self.pods.create(thing, pod, self.voice):
                return problem
        return ""

    def _status(self, thing: Json, succeeded: int, failed: int, reason: str, message: str) -> Json:
        status: Json = {
            key: value for key, value in thing["status"].items() if key in ("startTime", "conditions")
        }
        active = [pod for pod in self.own_pods(thing) if is_active(pod)]
        numbers = {
            "active": len(active),
            "ready": sum(is_ready(pod) for pod in active),
            "succeeded": succeeded,
            "failed": failed,
        }
        status |= {key: value for key, value in numbers.items() if value or key == "ready"}
        status["uncountedTerminatedPods"] = {}
        listed = [one for one in status.pop("conditions", []) if one["type"] != "Suspended"]
        if thing["spec"]["suspend"]:
            listed.append(_condition("Suspended", "JobSuspended", "Job suspended"))
            status.pop("startTime", None)
        else:
            status.setdefault("startTime", timestamp())
        if reason:
            self.voice.say(thing, reason, message, warning=True)
            listed += [_condition("FailureTarget", reason, message), _condition("Failed", reason, message)]
        elif succeeded >= thing["spec"]["completions"]:
            why = "CompletionsReached", "Reached expected number of succeeded pods"
            self.voice.say(thing, "Completed", "Job completed")
            listed += [_condition("SuccessCriteriaMet", *why), _condition("Complete", *why)]
            status["completionTime"] = timestamp()
        return status | ({"conditions": listed} if listed else {})

    def _forget_later(self, thing: Json) -> None:
        """https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/."""
        seconds = thing["spec"].get("ttlSecondsAfterFinished")
        if seconds is not None:
            self.clock.call_later(seconds, lambda: self._forget(thing), patient=True)

    def _forget(self, thing: Json) -> None:
        with self.store.lock:
            key = thing["metadata"]["namespace"], thing["metadata"]["name"]
            present = self.store.find(self.kind.plural, *key)
            if present is not None and present["metadata"]["uid"] == thing["metadata"]["uid"]:
                self.store.remove(self.kind.plural, present)


def _condition(kind: str, reason: str, message: str) -> Json:
    now = timestamp()
    return {
        "type": kind,
        "status": "True",
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }
