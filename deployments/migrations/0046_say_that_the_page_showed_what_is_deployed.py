from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0045_audit_who_read_a_log")]

    operations = [
        migrations.AlterField(
            model_name="batchitem",
            name="seen_sha",
            field=models.CharField(
                blank=True, help_text="The deployed commit that the page showed.", max_length=40
            ),
        )
    ]
