"""The field's terms, and one word for one thing (docs/architecture.md, "Words"): what was renamed must not come back."""

import io
import subprocess
import tokenize
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
SAY_INSTEAD = {
    "Wish": "DeployRequest",
    "same_wish": "same_request",
    "House": "SystemStatus",
    "house": "system_status",
    "Wishes": "Policy",
    "wishes": "policies, entries or preferences",
    "Outside": "Clients",
    "outside": "clients",
    "PushWish": "NotificationPreference",
    "WishForm": "NotificationPreferenceForm",
    "Means": "FollowContext",
    "Patience": "Timeouts",
    "patience": "timeouts",
    "BatchWish": "BatchEntry",
    "Look": "Snapshot",
    "looks": "take_snapshots",
    "Sight": "Observed",
    "Absent": "Missing",
    "Unseen": "Unreachable",
    "attempt_of": "guard_input_at_request",
    "attempt_again": "guard_input_at_start",
    "look_for_image": "check_pending_image",
    "look_at_images": "check_rollback_images",
    "begin_deploy": "start_deploy",
    "prove": "verify_digest",
    "Proof": "DigestMatch",
    "told_at": "patch_sent_at",
    "claim": "mark_patch_sent",
    "visit": "check_host",
    "Visit": "HostAnswer",
    "tell": "add_event",
    "Told": "TimelineEntry",
    "told": "message",
    "said": "message",
    "sentence": "message",
    "trouble": "problem",
    "troubles": "problems",
    "NotTwice": "enqueue_unless_queued",
    "pulse": "change_token",
    "figures": "metrics_data",
    "Figures": "MetricsData",
    "Right": "Permission",
    "Rights": "TokenPermissions",
    "rights": "permissions",
    "Sheet": "DeployDialog",
    "Offer": "ActionButton",
    "risks": "reauth_reasons",
    "zones": "timezones",
    "recent_check": "reauthentication",
    "lift": "resume",
    "lifted_at": "resumed_at",
    "let_go": "resume_entries",
    "thumb": "tap",
}


def _sources() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [CHECKOUT / each for each in listed if "/migrations/" not in each and (CHECKOUT / each).exists()]


def _names(source: str) -> set[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME}


def test_no_renamed_identifier_comes_back() -> None:
    old = {
        f"{path.relative_to(CHECKOUT)}: say {SAY_INSTEAD[each]} for {each}"
        for path in _sources()
        for each in _names(path.read_text()) & SAY_INSTEAD.keys()
    }

    assert old == set()


def test_an_old_identifier_is_found() -> None:
    assert _names("def deploy(wish, *, outside): ...") & SAY_INSTEAD.keys() == {"outside"}
