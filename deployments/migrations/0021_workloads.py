"""A site stands for all workloads that run its image, and has a name of its own; a Deploy has a step for each of them."""

import datetime
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

LEFT_OUT = """
ALTER TABLE deployments_site
    ALTER COLUMN namespace SET DEFAULT '', ALTER COLUMN deployment SET DEFAULT '', ALTER COLUMN container SET DEFAULT '';
"""
# A site stands for every container that runs its image. Where two sites share a Deployment, each keeps the container that it named.
MAPPED = """
INSERT INTO deployments_mappedworkload (site_id, kind, namespace, name, containers, position)
SELECT id, 'Deployment', namespace, deployment,
    CASE WHEN count(*) OVER (PARTITION BY namespace, deployment) > 1 THEN ARRAY[container]::varchar(63)[] ELSE '{}' END, 0
FROM deployments_site;
UPDATE deployments_site SET dns_name = host;
"""
# A worker of the new version follows what one of the version before has begun.
UNDER_WAY = """
INSERT INTO deployments_deploystep (
    deploy_id, position, kind, namespace, name, containers, from_image, applied_image, patched_at,
    wanted, updated, ready, progress, progressed_at, message
)
SELECT deploy.id, 0, 'Deployment', site.namespace, site.deployment, ARRAY[site.container]::varchar(63)[],
    deploy.from_image, deploy.applied_image, deploy.patched_at,
    deploy.wanted, deploy.updated, deploy.ready, deploy.progress, deploy.progressed_at, ''
FROM deployments_deploy deploy JOIN deployments_site site ON site.id = deploy.site_id
WHERE deploy.status IN ('rolling_out', 'verifying');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0020_times_have_a_range'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # The column keeps its name: code of the version before finds it.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(
                    model_name='site',
                    name='site_host_is_dns_name',
                ),
                migrations.AlterField(
                    model_name='site',
                    name='host',
                    field=models.CharField(blank=True, db_column='host', help_text='What the site is called here and in addresses, like cron.example.com or cron-worker. Empty: the host.', max_length=253, unique=True, validators=[django.core.validators.RegexValidator('^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\\Z', 'Write a DNS name in lower case: letters, digits, dots and hyphens, like cron.example.com.')]),
                ),
                migrations.RenameField(model_name='site', old_name='host', new_name='name'),
                migrations.AddConstraint(
                    model_name='site',
                    constraint=models.CheckConstraint(condition=models.Q(('name__regex', '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$')), name='site_host_is_dns_name'),
                ),
                migrations.AlterModelOptions(
                    name='site',
                    options={'ordering': ['name'], 'permissions': [('deploy_site', 'Can deploy a site, hold it and resume it')]},
                ),
            ],
        ),
        migrations.AddField(
            model_name='site',
            name='host',
            field=models.CharField(blank=True, db_column='dns_name', db_default='', default='', help_text='Where the site answers over HTTPS, like cron.example.com. Empty: it has no website, and is not asked.', max_length=253, validators=[django.core.validators.RegexValidator('^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\\Z', 'Write a DNS name in lower case: letters, digits, dots and hyphens, like cron.example.com.')]),
        ),
        migrations.CreateModel(
            name='DeployStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(max_length=11)),
                ('namespace', models.CharField(max_length=63)),
                ('name', models.CharField(max_length=253)),
                ('containers', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), default=list, help_text="Those that get the image, in the template's order; before they are known, those that the mapping names.", size=None)),
                ('from_image', models.TextField(blank=True, help_text='What the first of them was asked to run before this Deploy.')),
                ('applied_image', models.TextField(blank=True, help_text='What admission made of the image here; empty: the image as it was asked for.')),
                ('patched_at', models.DateTimeField(help_text='When the cluster accepted the change, or was seen to have it.', null=True)),
                ('wanted', models.PositiveIntegerField(default=0, help_text='Pods that the workload asks for.')),
                ('updated', models.PositiveIntegerField(default=0, help_text='Pods of the new template.')),
                ('ready', models.PositiveIntegerField(default=0, help_text='Ready pods of the new template.')),
                ('progress', models.IntegerField(help_text='The furthest that its rollout has been, in steps.', null=True)),
                ('progressed_at', models.DateTimeField(help_text='When it got there.', null=True)),
                ('message', models.TextField(blank=True, help_text='Where it stands, for a person.')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='MappedWorkload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('Deployment', 'Deployment'), ('StatefulSet', 'StatefulSet'), ('DaemonSet', 'DaemonSet'), ('CronJob', 'CronJob')], max_length=11)),
                ('namespace', models.CharField(default='default', help_text='The Kubernetes namespace of the workload.', max_length=63, validators=[django.core.validators.RegexValidator('^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\Z', 'Write a Kubernetes name: at most 63 lower-case letters, digits and hyphens, like my-site.')])),
                ('name', models.CharField(help_text="The workload's name in the cluster.", max_length=253, validators=[django.core.validators.RegexValidator('^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$', "Write the Deployment's name as Kubernetes has it: lower-case letters, digits, hyphens and dots, like my-site.")])),
                ('containers', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\Z', 'Write a Kubernetes name: at most 63 lower-case letters, digits and hyphens, like my-site.')]), blank=True, default=list, help_text="Only these containers, by commas. Empty: every container and init container that runs the site's image.", size=None)),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='A Deploy changes the workloads in this order, lowest first.')),
            ],
            options={
                'verbose_name': 'workload',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='deploy',
            name='deploy_one_active_per_site',
        ),
        migrations.RemoveConstraint(
            model_name='deploy',
            name='deploy_status_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='deploy',
            name='deploy_ended_has_a_time',
        ),
        migrations.RemoveConstraint(
            model_name='deploy',
            name='deploy_times_in_range',
        ),
        migrations.RemoveConstraint(
            model_name='site',
            name='site_workload_unique',
        ),
        migrations.RemoveConstraint(
            model_name='site',
            name='site_namespace_is_dns_label',
        ),
        migrations.RemoveConstraint(
            model_name='site',
            name='site_container_is_dns_label',
        ),
        migrations.RemoveConstraint(
            model_name='site',
            name='site_deployment_is_object_name',
        ),
        migrations.AddField(
            model_name='deploy',
            name='release_log',
            field=models.TextField(blank=True, db_default='', default='', help_text='The last lines that its release job printed.'),
        ),
        migrations.AddField(
            model_name='deploy',
            name='release_started_at',
            field=models.DateTimeField(help_text='When its release job was created.', null=True),
        ),
        migrations.AddField(
            model_name='deploy',
            name='released_at',
            field=models.DateTimeField(help_text='When its release job was seen to be complete.', null=True),
        ),
        migrations.AddField(
            model_name='observation',
            name='workloads',
            field=models.JSONField(help_text="What was seen of each workload, in the mapping's order: each as facts.workloads_as_json writes it.", null=True),
        ),
        migrations.AddField(
            model_name='site',
            name='release_job',
            field=models.CharField(blank=True, db_default='', default='', help_text='A suspended CronJob beside the first workload: a Job made from it, with the new image, must complete before anything is changed.', max_length=52, validators=[django.core.validators.RegexValidator('^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$', "Write the Deployment's name as Kubernetes has it: lower-case letters, digits, hyphens and dots, like my-site.")]),
        ),
        migrations.AlterField(
            model_name='deploy',
            name='status',
            field=models.CharField(choices=[('waiting', 'Waiting'), ('queued', 'Queued'), ('releasing', 'running the release job'), ('rolling_out', 'rolling out'), ('verifying', 'Verifying'), ('succeeded', 'Succeeded'), ('failed', 'Failed'), ('cancelled', 'Cancelled'), ('superseded', 'Superseded'), ('timed_out', 'timed out')], default='queued', max_length=11),
        ),
        migrations.AlterField(
            model_name='deploy',
            name='updated',
            field=models.PositiveIntegerField(default=0, help_text='Pods of the new templates.'),
        ),
        migrations.AlterField(
            model_name='deploy',
            name='wanted',
            field=models.PositiveIntegerField(default=0, help_text='Pods that its workloads ask for.'),
        ),
        migrations.AlterField(
            model_name='syncrun',
            name='decisions',
            field=models.JSONField(default=dict, help_text='name: [verdict, reason, state, trouble]'),
        ),
        migrations.AddConstraint(
            model_name='deploy',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('waiting', 'queued', 'releasing', 'rolling_out', 'verifying'))), fields=('site',), name='deploy_one_active_per_site'),
        ),
        migrations.AddConstraint(
            model_name='deploy',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['waiting', 'queued', 'releasing', 'rolling_out', 'verifying', 'succeeded', 'failed', 'cancelled', 'superseded', 'timed_out'])), name='deploy_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='deploy',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at', None), ('status__in', ('waiting', 'queued', 'releasing', 'rolling_out', 'verifying'))), models.Q(models.Q(('status__in', ('waiting', 'queued', 'releasing', 'rolling_out', 'verifying')), _negated=True), ('finished_at__isnull', False)), _connector='OR'), name='deploy_ended_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='deploy',
            constraint=models.CheckConstraint(condition=models.Q(('image_seen_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('image_seen_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('from_image_seen_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('from_image_seen_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('requested_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('requested_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('queued_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('queued_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('patch_sent_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('patch_sent_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('patched_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('patched_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('release_started_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('release_started_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('released_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('released_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('denied_since__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('denied_since__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('verifying_since__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('verifying_since__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('finished_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('finished_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('checked_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('checked_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), name='deploy_times_in_range'),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=models.CheckConstraint(condition=models.Q(('host', ''), ('host__regex', '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$'), _connector='OR'), name='site_dns_name_is_one_or_none'),
        ),
        migrations.AddField(
            model_name='deploystep',
            name='deploy',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='deployments.deploy'),
        ),
        migrations.AddField(
            model_name='mappedworkload',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='workloads', to='deployments.site'),
        ),
        migrations.AddConstraint(
            model_name='deploystep',
            constraint=models.UniqueConstraint(fields=('deploy', 'position'), name='deploy_step_position_unique'),
        ),
        migrations.AddConstraint(
            model_name='deploystep',
            constraint=models.CheckConstraint(condition=models.Q(('patched_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('patched_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('progressed_at__gte', datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('progressed_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), name='deploy_step_times_in_range'),
        ),
        migrations.AddConstraint(
            model_name='mappedworkload',
            constraint=models.UniqueConstraint(fields=('site', 'kind', 'namespace', 'name'), name='mapped_workload_once_per_site', violation_error_message='The site has this workload already.'),
        ),
        migrations.AddConstraint(
            model_name='mappedworkload',
            constraint=models.UniqueConstraint(fields=('kind', 'namespace', 'name', 'containers'), name='mapped_workload_one_site', violation_error_message='Another site already stands for this workload.'),
        ),
        migrations.AddConstraint(
            model_name='mappedworkload',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'])), name='mapped_workload_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='mappedworkload',
            constraint=models.CheckConstraint(condition=models.Q(('namespace__regex', '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$')), name='mapped_workload_namespace_is_dns_label'),
        ),
        migrations.AddConstraint(
            model_name='mappedworkload',
            constraint=models.CheckConstraint(condition=models.Q(('name__regex', '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')), name='mapped_workload_name_is_object_name'),
        ),
        # What the version before reads stays, and can be left out by what writes anew.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(
                    model_name='deploy',
                    name='progress',
                ),
                migrations.RemoveField(
                    model_name='deploy',
                    name='progressed_at',
                ),
                migrations.RemoveField(
                    model_name='site',
                    name='container',
                ),
                migrations.RemoveField(
                    model_name='site',
                    name='deployment',
                ),
                migrations.RemoveField(
                    model_name='site',
                    name='namespace',
                ),
            ],
            database_operations=[migrations.RunSQL(LEFT_OUT, migrations.RunSQL.noop)],
        ),
        migrations.RunSQL(MAPPED, migrations.RunSQL.noop),
        migrations.RunSQL(UNDER_WAY, migrations.RunSQL.noop),
    ]
