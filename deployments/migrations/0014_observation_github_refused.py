from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0013_what_admission_made_of_an_image'),
    ]

    operations = [
        migrations.AddField(
            model_name='observation',
            name='github_refused',
            field=models.BooleanField(db_default=False, default=False, help_text='GitHub said no in a way that time does not heal.'),
        ),
        migrations.AlterField(
            model_name='observation',
            name='repository_missing',
            field=models.BooleanField(default=False, help_text='GitHub shows no such repository or branch, or another repository by that name.'),
        ),
    ]
