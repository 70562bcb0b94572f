from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0043_built_by_release_and_awaited_by_paths")]

    operations = [
        migrations.AddField(
            model_name="discovery",
            name="words",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Only what has each of them in a name, an image or a host. Empty: everything.",
                max_length=100,
            ),
        )
    ]
