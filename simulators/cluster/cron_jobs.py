"""The CronJob controller: it looks after its Jobs; one starts when the test says that it is time.

k8s.io/kubernetes, pkg/controller/cronjob/cronjob_controllerv2.go.
"""

import time
from datetime import UTC, datetime

from simulators.cluster.controller import Controller
from simulators.cluster.jobs import ended
from simulators.cluster.kinds import CRON_JOBS, JOBS, Json
from simulators.cluster.names import timestamp
from simulators.cluster.pods import owner
from simulators.cluster.store import copy

_LIMITS = (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit"))


def job_of(cron_job: Json, name: str) -> Json:
    """The Job that the controller begins, as it sends it to the API server."""
    template = copy(cron_job["spec"]["jobTemplate"])
    metadata = template.get("metadata") or {}
    scheduled = {"batch.kubernetes.io/cronjob-scheduled-timestamp": timestamp()}
    return {
        "apiVersion": JOBS.api_version,
        "kind": JOBS.kind,
        "metadata": {
            "name": name,
            "labels": metadata.get("labels") or {},
            "annotations": {**(metadata.get("annotations") or {}), **scheduled},
            "ownerReferences": [owner(CRON_JOBS, cron_job)],
        },
        "spec": template["spec"],
    }


def minute_name(cron_job: Json, minute: int | None) -> str:
    """The name of the Job of that minute of the Unix epoch, or of this one; a schedule has none within one."""
    return f"{cron_job['metadata']['name']}-{int(time.time()) // 60 if minute is None else minute}"


class CronJobController(Controller):
    kind = CRON_JOBS
    component = "cronjob-controller"

    def sync(self, thing: Json) -> str:
        jobs = self.store.owned_by(thing["metadata"]["uid"], JOBS.plural)
        status: Json = dict(thing.get("status") or {})
        known = {one["uid"]: one for one in status.pop("active", ())}
        for job in jobs:
            self._notice(thing, job, known, status)
        present = {job["metadata"]["uid"] for job in jobs}
        active = [one for uid, one in known.items() if uid in present]
        self.write_status(thing, status | ({"active": active} if active else {}))
        for word, limit in _LIMITS:
            over = [job for job in jobs if ended(job) == word]
            for job in over[: max(0, len(over) - thing["spec"][limit])]:
                self.store.remove(JOBS.plural, job)
        return ""

    def _notice(self, thing: Json, job: Json, known: dict[str, Json], status: Json) -> None:
        uid, name, how = job["metadata"]["uid"], job["metadata"]["name"], ended(job)
        if how and uid in known:
            known.pop(uid)
            self.voice.say(thing, "SawCompletedJob", f"Saw completed job: {name}, condition: {how}")
            if how == "Complete":
                status["lastSuccessfulTime"] = job["status"]["completionTime"]
        elif not how and uid not in known:
            text = f"Saw a job that the controller did not create or forgot: {name}"
            self.voice.say(thing, "UnexpectedJob", text, warning=True)

    def begun(self, thing: Json, job: Json) -> None:
        """Notes a Job that was begun on schedule."""
        with self.store.lock:
            metadata = job["metadata"]
            one = {
                "kind": "Job",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
                "apiVersion": "batch/v1",
                "resourceVersion": metadata["resourceVersion"],
            }
            status = dict(thing.get("status") or {})
            active = [*status.get("active", ()), one]
            now = timestamp(datetime.now(UTC).replace(second=0))
            self.voice.say(thing, "SuccessfulCreate", f"Created job {metadata['name']}")
            self.write_status(thing, status | {"active": active, "lastScheduleTime": now})
