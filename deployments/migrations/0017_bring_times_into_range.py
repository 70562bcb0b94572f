"""Times that a Hold or a commit could carry until now, and that Python cannot read: 0020 keeps new ones out.

In SQL, since reading such a row is what fails. What we set ourselves is moved to the nearer end of the range; what came from
outside becomes unknown; a Hold that was to end beyond it has no end.
"""

from django.db import migrations

EARLIEST, LATEST = "1970-01-01 00:00:00+00:00", "2199-12-31 23:59:59+00:00"
OURS = {
    "auditevent": ("at",),
    "deploy": (
        "checked_at", "finished_at", "from_image_seen_at", "image_seen_at", "patched_at", "queued_at", "requested_at", "told_at",
        "verifying_since",
    ),
    "deploybatch": ("finished_at", "requested_at"),
    "deployevent": ("at",),
    "examination": ("asked_at", "finished_at"),
    "githubpause": ("until",),
    "hold": ("lifted_at", "placed_at", "until"),
    "observation": ("cluster_observed_at", "github_observed_at"),
    "pushsubscription": ("created_at", "last_ok_at"),
    "site": ("created_at",),
    "syncrun": ("finished_at", "started_at"),
}
FROM_OUTSIDE = {"observation": ("desired_at", "head_committed_at"), "syncrun": ("github_resets_at",)}


def statements():
    yield f"UPDATE deployments_hold SET until = NULL WHERE until > '{LATEST}'"
    for table, columns in FROM_OUTSIDE.items():
        for column in columns:
            yield f"UPDATE deployments_{table} SET {column} = NULL WHERE {column} NOT BETWEEN '{EARLIEST}' AND '{LATEST}'"
    for table, columns in OURS.items():
        for column in columns:
            yield (
                f"UPDATE deployments_{table} SET {column} = greatest(least({column}, '{LATEST}'), '{EARLIEST}') "
                f"WHERE {column} NOT BETWEEN '{EARLIEST}' AND '{LATEST}'"
            )


class Migration(migrations.Migration):
    dependencies = [
        ("deployments", "0016_former_image_repository"),
    ]

    operations = [migrations.RunSQL(list(statements()), migrations.RunSQL.noop)]
