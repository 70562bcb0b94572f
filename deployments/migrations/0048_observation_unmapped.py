from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0047_bound_times_in_the_tables_of_others")]

    operations = [
        migrations.AddField(
            model_name="observation",
            name="unmapped",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="What runs the site's image at another commit and is in no mapping, for a person.",
            ),
        )
    ]
