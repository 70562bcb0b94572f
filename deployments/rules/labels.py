"""What states and actions are called, for everything that people read. Programs read the values themselves, which never change."""

from deployments.rules.site_state import Action, State

STATES = {
    State.DEPLOYING: "Deploying",
    State.FAILED: "Failed",
    State.DRIFTED: "Drifted",
    State.MISSING: "Not found",
    State.UNKNOWN: "Unknown",
    State.MIXED: "Mixed commits",
    State.HELD: "On hold",
    State.RED: "CI failed",
    State.BUILDING: "Building",
    # Ready alone is Kubernetes' word for healthy.
    State.READY: "Update ready",
    State.CURRENT: "Up to date",
}
NOT_CHECKED = "Not checked yet"
ACTIONS = {
    Action.WATCH: "Watch",
    Action.ROLL_BACK: "Roll back",
    Action.RESTART: "Restart",
    Action.RETRY: "Retry",
    Action.EDIT: "Edit the mapping",
    Action.REVIEW: "See what changed",
    Action.SYNC: "Sync now",
    Action.RESUME: "Resume",
    Action.DEPLOY_ANYWAY: "Deploy anyway",
    Action.DEPLOY_WHEN_READY: "Deploy when ready",
    Action.DEPLOY: "Deploy",
    Action.BRING_TOGETHER: "Bring together",
}
SHORT_ACTIONS = {
    **ACTIONS,
    Action.EDIT: "Edit",
    Action.REVIEW: "Review",
    Action.DEPLOY_WHEN_READY: "When ready",
}
"""The same, shortened, for a row of the list."""
