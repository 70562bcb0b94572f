from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0048_observation_unmapped")]

    operations = [
        migrations.AddField(
            model_name="headcheck",
            name="unread",
            field=models.JSONField(
                db_default=models.Value({}, output_field=models.JSONField()),
                default=dict,
                help_text="site's key: [digest, since when] of moving tags' builds that a sync was queued to read",
            ),
        ),
    ]
