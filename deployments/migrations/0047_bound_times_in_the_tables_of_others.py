"""Times in the tables of Django, django-allauth and django-q2 that Python cannot read: none is stored from now on.

One row of the schedule that lies beyond Python's calendar ends every worker's tick, and one entry of the queue a site's page.
What is there already is moved to the nearer end of the range.
"""

from django.db import migrations

EARLIEST, LATEST, BEFORE = "1970-01-01 00:00:00+00:00", "2199-12-31 23:59:59+00:00", "2200-01-01 00:00:00+00:00"
TIMES = {
    "account_emailconfirmation": ("created", "sent"),
    "auth_user": ("date_joined", "last_login"),
    "django_admin_log": ("action_time",),
    "django_q_ormq": ("lock",),
    "django_q_schedule": ("next_run",),
    "django_q_task": ("started", "stopped"),
    "django_session": ("expire_date",),
    "mfa_authenticator": ("created_at", "last_used_at"),
    "usersessions_usersession": ("created_at", "last_seen_at"),
}


def moved():
    for table, columns in TIMES.items():
        for column in columns:
            yield (
                f"UPDATE {table} SET {column} = greatest(least({column}, '{LATEST}'), '{EARLIEST}') "
                f"WHERE {column} NOT BETWEEN '{EARLIEST}' AND '{LATEST}'"
            )


def bounded():
    for table, columns in TIMES.items():
        condition = " AND ".join(f"{column} >= '{EARLIEST}' AND {column} < '{BEFORE}'" for column in columns)
        yield f"ALTER TABLE {table} ADD CONSTRAINT {table}_times_in_range CHECK ({condition})"


def unbounded():
    for table in TIMES:
        yield f"ALTER TABLE {table} DROP CONSTRAINT {table}_times_in_range"


class Migration(migrations.Migration):
    dependencies = [
        ("deployments", "0046_say_that_the_page_showed_what_is_deployed"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(list(moved()), migrations.RunSQL.noop),
        migrations.RunSQL(list(bounded()), list(unbounded())),
    ]
