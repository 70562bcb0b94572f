"""A site may follow releases: its images are tagged with versions, and git's tags say which commits those are."""

import datetime
import deployments.rules.builds
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0035_tags_of_a_mapping'),
    ]

    operations = [
        migrations.AddField(
            model_name='observation',
            name='head_version',
            field=models.TextField(blank=True, db_default='', default='', help_text="By release: git's tag of the newest version."),
        ),
        migrations.AddField(
            model_name='observation',
            name='running_version',
            field=models.TextField(blank=True, db_default='', default='', help_text="By release: git's tag of the version that runs."),
        ),
        migrations.AddField(
            model_name='site',
            name='prereleases',
            field=models.BooleanField(db_default=False, default=False, help_text='By release: a pre-release, like v2.0.0-rc.1, may be the newest version.', verbose_name='pre-releases too'),
        ),
        migrations.AddField(
            model_name='site',
            name='tag_pattern',
            field=models.CharField(blank=True, db_default='', default='', help_text="By release: the newest version is the highest tag of git that fits this pattern, like v* or api/v*. Defaults to GitHub's latest release.", max_length=100, validators=[django.core.validators.RegexValidator('^[^\\s~^:\\\\\\x00-\\x1f\\x7f]+\\Z', 'Write a pattern of tags as git has them, with * for whatever differs, like v* or api/v*.')]),
        ),
        migrations.AlterField(
            model_name='observation',
            name='build_problem',
            field=models.TextField(blank=True, db_default='', default='', help_text='By label and by release: why the commit of what runs is not known.'),
        ),
        migrations.AlterField(
            model_name='site',
            name='commit_source',
            field=models.CharField(choices=[('tag', "the image's tag"), ('label', "the image's label"), ('release', "the image's version")], db_default='tag', default=deployments.rules.builds.CommitSource['TAG'], help_text='`tag`: each build has a tag with its commit. `label`: builds share a tag that moves, and say their commit in the label org.opencontainers.image.revision; of the image template, the repository alone counts. `release`: the newest version is deployed, and images are tagged with it; end the image template with {version} for 1.4.2, or with {tag} for v1.4.2.', max_length=7, verbose_name='commits are known by'),
        ),
        migrations.CreateModel(
            name='PublishedVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner', models.CharField(max_length=39)),
                ('repository', models.CharField(max_length=100)),
                ('name', models.CharField(help_text="Git's tag, like v1.4.2.", max_length=255)),
                ('sha', models.CharField(max_length=40)),
                ('first_seen_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('owner', 'repository', 'name'), name='published_version_once'), models.CheckConstraint(condition=models.Q(('sha__regex', '^[0-9a-f]{40}$')), name='published_version_of_sha'), models.CheckConstraint(condition=models.Q(('first_seen_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('first_seen_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), name='published_version_times_in_range')],
            },
        ),
    ]
