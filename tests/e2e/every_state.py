"""What makes every page show something: Deploys, batches, Holds and syncs in each of their states."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from demo.world import NAMESPACE, World
from deployments.facts import listed_pods_as_json
from deployments.models import (
    BatchItem,
    ContainerLog,
    Deploy,
    DeployBatch,
    Discovery,
    Examination,
    Observation,
    PodCheck,
    Site,
    Status,
    SyncRun,
    Trigger,
)
from deployments.operations.first_start.apps import FoundApp
from deployments.operations.hold import place_hold, resume_hold
from deployments.rules.pod_list import ListedPod
from deployments.rules.workloads import OUR_MANAGER
from simulators.cluster import CRASHES
from tests.e2e.installation import Installation
from tests.processes import eventually

HOST, DRIFTED, HELD, BROKEN = "cron.natwelch.com", "code.natwelch.com", "resume.natwelch.com", "gotak.app"


def show_every_state(installation: Installation) -> dict[str, int]:
    """Return the keys of what was created, by its placeholder in an address."""
    head = installation.make_ready(HOST)
    now, site, root = timezone.now(), Site.objects.get(host=HOST), User.objects.get(username="root")
    deploys = {
        status: Deploy.objects.create(
            site=site,
            sha=f"{number:x}" * 40,
            from_sha="f" * 40,
            headline="Ship <this>",
            status=status,
            image=installation.world.image(HOST, f"{number:x}" * 40),
            message="Container “cron” crashed (exit code 1). Read its log.",
            log="no such table",
            trigger=Trigger.PERSON,
            requested_by=root,
            requested_by_name="root",
            requested_at=now - timedelta(minutes=number),
            wanted=3,
            updated=2,
            ready=1,
            queued_at=now,
            patched_at=now,
            finished_at=now,
        )
        for number, status in enumerate((Status.SUCCEEDED, Status.FAILED, Status.CANCELLED), start=1)
    }
    under_way = Deploy.objects.create(
        site=Site.objects.get(host=HELD),
        sha=head,
        from_sha="f" * 40,
        headline="Ship this",
        status=Status.WAITING,
        image=installation.world.image(HOST, head),
        trigger=Trigger.PERSON,
        requested_by_name="root",
        requested_at=now,
    )
    broken = make_failed(installation, BROKEN)
    batch = DeployBatch.objects.create(
        state=DeployBatch.State.STOPPED,
        message="The first failed.",
        requested_by_name="root",
        requested_at=now,
        finished_at=now,
    )
    for position, deploy in enumerate((deploys[Status.FAILED], None)):
        BatchItem.objects.create(
            batch=batch,
            position=position,
            sha=head,
            deploy=deploy,
            is_done=deploy is not None,
            site=site if deploy else Site.objects.get(host=DRIFTED),
        )
    resume_hold(
        hold_id=place_hold(site=site, reason="Freeze", by=root, now=now).pk, by=root, now=timezone.now()
    )
    finding = {
        "subject": f"GitHub, {'a-long-name.' * 20}com",
        "grade": "bad",
        "message": "No answer.",
        "remedy": "",
    }
    Examination.record(asked_at=now, finished_at=now, findings=[finding])
    app = FoundApp(
        key="aa11",
        name=f"{'a-long-name.' * 20}com",
        workloads="Deployment default/nowhere",
        image=f"gcr.io/icco-cloud/nowhere:{head}",
        problems=("Its repository is unknown. Enter it as owner/name.",),
    )
    steps = [{"title": "GitHub", "findings": [finding]}]
    Discovery.record(asked_at=now, finished_at=now, steps=steps, apps=[app.as_dict()])
    _drift(installation)
    return {
        "deploy": deploys[Status.FAILED].pk,
        "succeeded": deploys[Status.SUCCEEDED].pk,
        "waiting": under_way.pk,
        "broken": broken.pk,
        "batch": batch.pk,
        "run": SyncRun.objects.latest("pk").pk,
        "site": site.pk,
        "user": root.pk,
        "log": _pods_and_log(site).pk,
    }


def _pods_and_log(site: Site) -> ContainerLog:
    """Let the site's pods have been checked, and a log have been read."""
    now = timezone.now()
    pods = [
        ListedPod(
            workload="Deployment cron",
            namespace=NAMESPACE,
            name=f"cron-5d4f8c7b9-x2k4{number}",
            status=status,
            ready=int(is_well),
            containers=1,
            restarts=number,
            node="node-1",
            created_at=now - timedelta(hours=number),
            is_well=is_well,
        )
        for number, (status, is_well) in enumerate([("Running", True), ("CrashLoopBackOff", False)])
    ]
    PodCheck.objects.update_or_create(
        site=site, defaults={"asked_at": now, "checked_at": now, "pods": listed_pods_as_json(pods)}
    )
    return ContainerLog.objects.create(
        site=site,
        namespace=NAMESPACE,
        pod=pods[1].name,
        asked_at=now,
        read_at=timezone.now(),
        text="panic: board is nil",
        shown_container="cron",
        shown_previous=True,
        choices=[{"container": "cron", "previous": each} for each in (False, True)],
    )


def make_failed(installation: Installation, host: str, log: str = "no such table") -> Deploy:
    """A site's newest Deploy, whose pods crash while the old ones serve: its page offers each way out."""
    sha = installation.make_ready(host)
    seen, now, image = (
        Observation.objects.get(site__host=host),
        timezone.now(),
        installation.world.image(host, sha),
    )
    failed = Deploy.objects.create(
        site=seen.site,
        sha=sha,
        from_sha=seen.running_sha,
        headline="Crash",
        image=image,
        status=Status.FAILED,
        message="Container “app” crashed (exit code 1). Read its log.",
        log=log,
        trigger=Trigger.PERSON,
        requested_by_name="root",
        requested_at=now,
        queued_at=now,
        patched_at=now,
        finished_at=now,
        wanted=1,
    )
    Observation.objects.filter(pk=seen.pk).update(
        latest_deploy=failed, desired_sha=sha, desired_image=image, desired_by=OUR_MANAGER
    )
    # The cluster says the same, whenever a sync asks it.
    installation.world.behaviours[image] = CRASHES()
    _set_image(installation.world, host, image, manager=OUR_MANAGER)
    installation.sync(host)
    installation.come_to_rest()
    return failed


def put_right(world: World) -> None:
    """Have every site run its head again: the world is shared by all tests, and so would be what the last one left behind."""
    world.behaviours.clear()
    for host in world.mappings:
        right = world.image(host)
        if world.running_image(host) != right:
            world.build(host, world.repository(host).head)
            _set_image(world, host, right, manager=OUR_MANAGER)
    world.cluster.settle_now()


def _drift(installation: Installation) -> None:
    """Paste another app's image into this one's Deployment."""
    _set_image(installation.world, DRIFTED, installation.world.image(HOST), manager="kubectl-edit")
    drifted = Observation.objects.filter(site__host=DRIFTED, desired_by="kubectl-edit")
    installation.sync(DRIFTED)
    assert eventually(drifted.exists, seconds=60), f"The worker did not observe {DRIFTED}."


def _set_image(world: World, host: str, image: str, *, manager: str) -> None:
    name = world.mappings[host].deployment
    world.cluster.set_image(NAMESPACE, name, container=name, image=image, manager=manager)
