"""A healthy site one commit behind with everything ready, from which each case departs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from deployments.models import Status
from deployments.rules.site_state import CheckState, DeployFacts, HoldFacts, SiteFacts

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STALE_AFTER = timedelta(hours=2)
OLD, RUNNING, HEAD = "0" * 40, "a1" * 20, "b2" * 20
REPOSITORY = "gcr.io/icco-cloud/cron"
IMAGE = f"{REPOSITORY}:{HEAD}"


def site(**changes: Any) -> SiteFacts:
    usual = {
        "name": "cron.example.org",
        "head_sha": HEAD,
        "check_state": CheckState.SUCCESS,
        "behind_by": 1,
        "ahead_by": 0,
        "github_observed_at": NOW,
        "head_image_built": True,
        "expected_repository": REPOSITORY,
        "desired_image": f"{REPOSITORY}:{RUNNING}",
        "running_sha": RUNNING,
        "desired_sha": RUNNING,
        "ready": 3,
        "wanted": 3,
        "cluster_observed_at": NOW,
        "mapped": ("Deployment cron",),
    }
    return SiteFacts(**(usual | changes))


def deploy(**changes: Any) -> DeployFacts:
    usual = {
        "id": 7,
        "sha": HEAD,
        "status": "failed",
        "message": "",
        "finished_at": NOW,
        "from_sha": RUNNING,
    }
    values = usual | changes
    return DeployFacts(**values, is_failure=values["status"] in Status.FAILURES)


def hold(**changes: Any) -> HoldFacts:
    return HoldFacts(**({"reason": "the demo", "by": "nat"} | changes))


BUILT = "e5" * 20
BELOW: dict[str, Any] = {
    "head_image_built": False,
    "built_sha": BUILT,
    "built_check_state": CheckState.SUCCESS,
    "behind_by": 2,
}
"""The newest commit has no image, and the one below it has."""
CURRENT: dict[str, Any] = {"head_sha": RUNNING, "behind_by": 0}
