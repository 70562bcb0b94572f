"""All URLs. A site's name in a URL is like a DNS name, in any case."""

import re

from django.contrib import admin
from django.urls import path, register_converter

from dashboard.accounts.urls import urlpatterns as account_urls
from dashboard.hooks import views as doors
from dashboard.views import (
    activity,
    audit,
    automation,
    batches,
    deploys,
    doctor,
    drift,
    first_start,
    holds,
    hooks,
    mappings,
    notifications,
    pods,
    rollbacks,
    shell,
    sites,
    syncs,
)

# Here, and not at every process' start: a worker has no admin.
admin.autodiscover()


class SiteConverter:
    """A site's name: as a DNS name of at most 253 characters; anything else is not one of our URLs."""

    regex = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
    _name = re.compile(
        r"(?!.{254})[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE
    )

    def to_python(self, value: str) -> str:
        if not self._name.fullmatch(value):
            raise ValueError
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(SiteConverter, "site")

urlpatterns = [
    path("", sites.site_list, name="sites"),
    path("sites/add", mappings.add_mapping, name="add-mapping"),
    path("sites/<site:name>/edit", mappings.edit_mapping, name="edit-mapping"),
    path("sites/<site:name>/delete", mappings.delete, name="delete-mapping"),
    path("sites/<site:name>/", sites.site, name="site"),
    path("sites/<site:name>/deploy", deploys.deploy_site, name="deploy-site"),
    path("sites/<site:name>/sync", syncs.sync_site, name="sync-site"),
    path("sites/<site:name>/hold", holds.hold_site, name="hold-site"),
    path("sites/<site:name>/rollback", rollbacks.roll_back, name="roll-back"),
    path("sites/<site:name>/images", rollbacks.check_rollback_images, name="check-rollback-images"),
    path("sites/<site:name>/restart", rollbacks.restart, name="restart-site"),
    path("sites/<site:name>/drift", drift.drift, name="drift"),
    path("sites/<site:name>/adopt", drift.adopt, name="adopt"),
    path("sites/<site:name>/pods", pods.check_pods, name="check-pods"),
    path("sites/<site:name>/log", pods.ask_for_log, name="ask-for-log"),
    path("sites/<site:name>/automation", automation.switch_automation, name="switch-automation"),
    path("logs/<int:pk>/", pods.log, name="log"),
    path("sync", syncs.sync, name="sync"),
    path("hold", holds.hold_everything, name="hold"),
    path("holds/<int:pk>/resume", holds.resume, name="resume-hold"),
    path("deploys/<int:pk>/", deploys.deploy, name="deploy"),
    path("deploys/<int:pk>/live", deploys.live, name="deploy-live"),
    path("deploys/<int:pk>/cancel", deploys.cancel, name="cancel-deploy"),
    path("deploys/<int:pk>/abort", rollbacks.abort, name="abort-deploy"),
    path("deploys/<int:pk>/retry", rollbacks.retry, name="retry-deploy"),
    path("audit/", audit.audit, name="audit"),
    path("deploy-all/", batches.deploy_all, name="deploy-all"),
    path("batches/<int:pk>/", batches.batch, name="batch"),
    path("batches/<int:pk>/cancel", batches.cancel, name="cancel-batch"),
    path("syncs/<int:pk>/", syncs.run, name="sync-run"),
    path("activity/", activity.activity, name="activity"),
    path("me/stars", sites.star, name="stars"),
    path("me/notifications/", notifications.notifications, name="notifications"),
    path("me/notifications/subscribe", notifications.subscribe, name="subscribe"),
    path("me/notifications/is-subscribed", notifications.is_subscribed, name="is-subscribed"),
    path("me/notifications/unsubscribe", notifications.unsubscribe, name="unsubscribe"),
    path("manifest.webmanifest", shell.manifest, name="manifest"),
    path("sw.js", shell.service_worker, name="service-worker"),
    path("offline", shell.offline, name="offline"),
    path("doctor/", doctor.doctor, name="doctor"),
    path("doctor/check-again", doctor.check_again, name="check-again"),
    path("first-start/", first_start.first_start, name="first-start"),
    path("first-start/search", first_start.search, name="search-cluster"),
    path("first-start/sites", first_start.add_sites, name="add-sites"),
    path("hooks/", hooks.hooks, name="hooks"),
    path("hooks/set-up", hooks.set_up, name="set-up-hooks"),
    path("hooks/tokens", hooks.make_token, name="make-hook-token"),
    path("hooks/tokens/<int:pk>/revoke", hooks.revoke_token, name="revoke-hook-token"),
    path("hooks/github", doors.github, name="hook-github"),
    path("hooks/actions", doors.actions, name="hook-actions"),
    path("hooks/google", doors.google, name="hook-google"),
    path("hooks/image/<str:token>", doors.image, name="hook-image"),
    *account_urls,
    path("admin/", admin.site.urls),
]
