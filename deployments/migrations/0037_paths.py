"""A mapping may name the paths of a monorepo that are its own, and what commits changed is remembered."""

import deployments.models.site
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0036_by_release'),
    ]

    operations = [
        migrations.AddField(
            model_name='observation',
            name='left_out',
            field=models.JSONField(help_text='With paths, the commits between what runs and the head that touch none of them, and what they were counted for: {of, shas}', null=True),
        ),
        migrations.AddField(
            model_name='site',
            name='paths',
            field=models.CharField(blank=True, db_default='', default='', help_text='Of a repository with several apps: what belongs to this one, like services/api/**, go.mod. Commits that touch none of it are not behind. Leave empty to count every commit.', max_length=1000, validators=[deployments.models.site.validate_paths]),
        ),
        migrations.CreateModel(
            name='CommitFiles',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner', models.CharField(max_length=39)),
                ('repository', models.CharField(max_length=100)),
                ('sha', models.CharField(max_length=40)),
                ('files', models.JSONField(help_text='Paths, of a renamed file both; null: more than GitHub lists at once.', null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('owner', 'repository', 'sha'), name='commit_files_once'), models.CheckConstraint(condition=models.Q(('sha__regex', '^[0-9a-f]{40}$')), name='commit_files_of_sha')],
            },
        ),
    ]
