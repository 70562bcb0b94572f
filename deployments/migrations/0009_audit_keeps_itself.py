"""Whoever may only add to the audit can still delete a site or a person: the database itself empties the reference then."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

CONSTRAINT = """
    ALTER TABLE deployments_auditevent ADD CONSTRAINT audit_event_{name}
    FOREIGN KEY ({name}_id) REFERENCES {table} (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED
"""
DROP = "ALTER TABLE deployments_auditevent DROP CONSTRAINT audit_event_{name}"
KEPT_BY = {'actor': 'auth_user', 'site': 'deployments_site'}


class Migration(migrations.Migration):
    dependencies = [
        ('deployments', '0008_untrusted_proxy_at'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='auditevent',
            name='actor',
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name='+',
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name='auditevent',
            name='site',
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name='+',
                to='deployments.site',
            ),
        ),
        *(
            migrations.RunSQL(CONSTRAINT.format(name=name, table=table), DROP.format(name=name))
            for name, table in KEPT_BY.items()
        ),
    ]
