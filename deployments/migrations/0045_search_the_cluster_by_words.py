from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0051_say_what_was_requested")]

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
