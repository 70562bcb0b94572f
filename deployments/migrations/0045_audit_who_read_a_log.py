from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0044_search_the_cluster_by_words")]

    operations = [
        migrations.AlterField(
            model_name="auditevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("deploy", "Deploy"),
                    ("rollback", "Rollback"),
                    ("restart", "Restart"),
                    ("adopt", "Adopt"),
                    ("cancel", "Cancel"),
                    ("refusal", "Refusal"),
                    ("hold", "Hold"),
                    ("resume", "Resume"),
                    ("sync", "Sync"),
                    ("mapping", "Mapping"),
                    ("schedule", "Schedule"),
                    ("hook", "Hook"),
                    ("account", "Account"),
                    ("login", "Login"),
                    ("login_failed", "failed login"),
                    ("log", "log read"),
                ],
                max_length=12,
            ),
        )
    ]
