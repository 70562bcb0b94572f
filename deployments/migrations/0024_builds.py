"""Builds are remembered, and a site may be told by its images' labels."""

import datetime
import deployments.rules.builds
import django.contrib.postgres.indexes
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0023_hooks'),
    ]

    operations = [
        migrations.AddField(
            model_name='observation',
            name='build_problem',
            field=models.TextField(blank=True, db_default='', default='', help_text='By label: why the commit of what runs is not known.'),
        ),
        migrations.AddField(
            model_name='site',
            name='commit_source',
            field=models.CharField(choices=[('tag', "the image's tag"), ('label', "the image's label")], db_default='tag', default=deployments.rules.builds.CommitSource['TAG'], help_text='`tag`: each build has a tag with its commit. `label`: builds share a tag that moves, and say their commit in the label org.opencontainers.image.revision; of the image template, the repository alone counts.', max_length=7, verbose_name='commits are known by'),
        ),
        migrations.AddField(
            model_name='site',
            name='moving_tag',
            field=models.CharField(blank=True, db_default='', default='', help_text="By label: the tag that the newest build gets, like main or latest. Empty: the branch's name.", max_length=128, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\\Z', "Write the tag alone, as it stands in the image's name after the colon, like main.")]),
        ),
        migrations.AddField(
            model_name='site',
            name='pins_digest',
            field=models.BooleanField(db_default=False, default=False, help_text="Deploys name the image's digest after its tag, so that a tag that is pushed anew changes nothing. By label this is always so.", verbose_name='deploy by digest'),
        ),
        migrations.CreateModel(
            name='Build',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('repository', models.CharField(help_text='Image repository, like registry.example.com/team/app.', max_length=512)),
                ('digest', models.CharField(max_length=136)),
                ('revision', models.TextField(blank=True, help_text='What its label or annotation says, as it is.')),
                ('source', models.TextField(blank=True, help_text='The same of the repository that it was built from.')),
                ('sha', models.CharField(blank=True, help_text='Its commit, once GitHub has confirmed that there is one.', max_length=40)),
                ('platforms', models.JSONField(default=dict, help_text='Of an index, its images: {digest: platform}. Pods report either digest.')),
                ('built_at', models.DateTimeField(help_text='As its label says.', null=True)),
                ('last_seen_at', models.DateTimeField(help_text='To the day.')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['platforms'], name='build_platforms'), models.Index(fields=['repository', 'sha'], name='build_of_commit')],
                'constraints': [models.UniqueConstraint(fields=('repository', 'digest'), name='build_once'), models.CheckConstraint(condition=models.Q(('sha__regex', '^([0-9a-f]{40})?$')), name='build_of_sha'), models.CheckConstraint(condition=models.Q(('built_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('built_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('last_seen_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('last_seen_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), name='build_times_in_range')],
            },
        ),
    ]
