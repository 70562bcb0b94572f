"""The field's words for models and fields; no table and no column changes, so that the code before goes on."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('deployments', '0005_hold_rollback')]

    operations = [migrations.SeparateDatabaseAndState(
        state_operations=[
            migrations.RenameModel(old_name='PushWish', new_name='NotificationPreference'),
            migrations.AlterModelTable(name='notificationpreference', table='deployments_pushwish'),
            migrations.AlterField(
                model_name='notificationpreference',
                name='user',
                field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='notification_preference', serialize=False, to=settings.AUTH_USER_MODEL),
            ),
            migrations.CreateModel(
                name='StarredSite',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('preference', models.ForeignKey(db_column='pushwish_id', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='deployments.notificationpreference')),
                    ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='deployments.site')),
                ],
                options={'db_table': 'deployments_pushwish_starred', 'unique_together': {('preference', 'site')}},
            ),
            migrations.RemoveField(model_name='notificationpreference', name='starred'),
            migrations.AddField(
                model_name='notificationpreference',
                name='starred',
                field=models.ManyToManyField(blank=True, related_name='+', through='deployments.StarredSite', to='deployments.site'),
            ),
            migrations.RemoveConstraint(
                model_name='auditevent',
                name='audit_event_says_something',
            ),
            migrations.RemoveConstraint(
                model_name='hold',
                name='hold_one_standing_each',
            ),
            migrations.AlterField(
                model_name='auditevent',
                name='sentence',
                field=models.TextField(db_column='sentence'),
            ),
            migrations.RenameField(
                model_name='auditevent',
                old_name='sentence',
                new_name='message',
            ),
            migrations.AlterField(
                model_name='batchitem',
                name='sentence',
                field=models.TextField(blank=True, db_column='sentence', help_text='Why it was not deployed.'),
            ),
            migrations.RenameField(
                model_name='batchitem',
                old_name='sentence',
                new_name='message',
            ),
            migrations.AlterField(
                model_name='deploy',
                name='sentence',
                field=models.TextField(blank=True, db_column='sentence', help_text='Where it stands or how it ended, for a person.'),
            ),
            migrations.RenameField(
                model_name='deploy',
                old_name='sentence',
                new_name='message',
            ),
            migrations.AlterField(
                model_name='deploy',
                name='told_at',
                field=models.DateTimeField(db_column='told_at', help_text='When the cluster was told, or may have been: from then on it cannot be cancelled.', null=True),
            ),
            migrations.RenameField(
                model_name='deploy',
                old_name='told_at',
                new_name='patch_sent_at',
            ),
            migrations.AlterField(
                model_name='deploybatch',
                name='sentence',
                field=models.TextField(blank=True, db_column='sentence', help_text='Where it stands or how it ended, for a person.'),
            ),
            migrations.RenameField(
                model_name='deploybatch',
                old_name='sentence',
                new_name='message',
            ),
            migrations.AlterField(
                model_name='deployevent',
                name='sentence',
                field=models.TextField(db_column='sentence'),
            ),
            migrations.RenameField(
                model_name='deployevent',
                old_name='sentence',
                new_name='message',
            ),
            migrations.AlterField(
                model_name='hold',
                name='lifted_at',
                field=models.DateTimeField(db_column='lifted_at', null=True),
            ),
            migrations.RenameField(
                model_name='hold',
                old_name='lifted_at',
                new_name='resumed_at',
            ),
            migrations.AlterField(
                model_name='hold',
                name='lifted_by_name',
                field=models.CharField(blank=True, db_column='lifted_by_name', max_length=150),
            ),
            migrations.RenameField(
                model_name='hold',
                old_name='lifted_by_name',
                new_name='resumed_by_name',
            ),
            migrations.AlterField(
                model_name='observation',
                name='check_trouble',
                field=models.TextField(blank=True, db_column='check_trouble', db_default='', default='', help_text='Why GitHub does not tell whether CI passed.'),
            ),
            migrations.RenameField(
                model_name='observation',
                old_name='check_trouble',
                new_name='check_problem',
            ),
            migrations.AlterField(
                model_name='observation',
                name='cluster_trouble',
                field=models.TextField(blank=True, db_column='cluster_trouble'),
            ),
            migrations.RenameField(
                model_name='observation',
                old_name='cluster_trouble',
                new_name='cluster_problem',
            ),
            migrations.AlterField(
                model_name='observation',
                name='github_trouble',
                field=models.TextField(blank=True, db_column='github_trouble'),
            ),
            migrations.RenameField(
                model_name='observation',
                old_name='github_trouble',
                new_name='github_problem',
            ),
            migrations.AlterField(
                model_name='observation',
                name='registry_trouble',
                field=models.TextField(blank=True, db_column='registry_trouble'),
            ),
            migrations.RenameField(
                model_name='observation',
                old_name='registry_trouble',
                new_name='registry_problem',
            ),
            migrations.AlterField(
                model_name='syncrun',
                name='sentence',
                field=models.TextField(blank=True, db_column='sentence'),
            ),
            migrations.RenameField(
                model_name='syncrun',
                old_name='sentence',
                new_name='message',
            ),
            migrations.AlterField(
                model_name='syncrun',
                name='troubled',
                field=models.PositiveIntegerField(db_column='troubled', default=0, help_text='Sites that could not be observed.'),
            ),
            migrations.RenameField(
                model_name='syncrun',
                old_name='troubled',
                new_name='with_problems',
            ),
            migrations.AddConstraint(
                model_name='auditevent',
                constraint=models.CheckConstraint(condition=models.Q(('message', ''), _negated=True), name='audit_event_says_something'),
            ),
            migrations.AddConstraint(
                model_name='hold',
                constraint=models.UniqueConstraint(condition=models.Q(('resumed_at', None)), fields=('site', 'sha'), name='hold_one_standing_each', nulls_distinct=False, violation_error_message='There is already a Hold on this: resume it first.'),
            ),
        ],
    )]
