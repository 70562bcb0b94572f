"""Ways into the worker for an attacker who owns web: its environment with the signing key, and its database role."""

import json
import pickle
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from django_q import core_signing
from django_q.conf import Conf
from django_q.models import OrmQ

from demo.world import NAMESPACE, World
from deployments.models import Deploy, Kind, MappedWorkload, Observation, Site, Status
from deployments.operations.sync.request import AFTER_SYNC
from tests.bombs import Bomb, Pickles
from tests.roles import WORKER

LONG_AGO = timedelta(days=2)
FOREIGN = "evil/app"
Way = Callable[["Intruder"], object]
WAYS: list[Way] = []
REFUSED = set[str]()
"""Those that the database refuses; of the others the worker makes nothing."""


class Json:
    @staticmethod
    def dumps(value: object) -> bytes:
        return json.dumps(value).encode()


class Intruder:
    """An attacker who has taken over web, at one of the ways in; each has its own site."""

    def __init__(self, way: Way, *, site: Site, world: World, folder: Path) -> None:
        self.site, self.world = site, world
        self.made = str(folder / way.__name__)
        self.foreign = f"{world.registry.host}/{FOREIGN}"

    def sql(self, statement: str, *values: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    def sign(
        self, value: object, *, serializer: type = Json, compress: bool = False, key: str = Conf.PREFIX
    ) -> None:
        """Write a queue entry that is signed as web signs its own."""
        signed = core_signing.dumps(
            value, key=Conf.SECRET_KEY, salt=Conf.PREFIX, serializer=serializer, compress=compress
        )
        OrmQ.objects.create(key=key, payload=signed, lock=timezone.now())
        self.sql("SELECT pg_notify('headway_queue', '')")

    def entry(self, func: str = "continue_batches", *args: object, **changes: Any) -> dict[str, Any]:
        module = "" if "." in func else "deployments.tasks."
        entry = {"id": "1" * 32, "name": "n", "func": module + func, "args": list(args), "kwargs": {}}
        return entry | {"started": timezone.now().isoformat(), "ack_failure": True} | changes

    def deploy(self, image: str, **changes: Any) -> Deploy:
        """Write a Deploy of this image that waits for a worker, and ask for it."""
        sha = self.world.repository(self.site.host).head
        now = timezone.now()
        values = {
            "site": self.site,
            "sha": sha,
            "image": image,
            "status": Status.QUEUED,
            "trigger": "person",
            # Web's owner can also make an administrator.
            "requested_by": User.objects.get_or_create(username="eve", defaults={"is_superuser": True})[0],
            "requested_by_name": "eve",
            "requested_at": now,
            "queued_at": now,
            "accepts_red": True,
            "from_image": self.world.running_image(self.site.host),
            "accepts_image": self.world.running_image(self.site.host),
        }
        deploy = Deploy.objects.create(**values | changes)
        self.sign(self.entry("start_deploy", deploy.pk))
        return deploy


def way(function: Way) -> Way:
    WAYS.append(function)
    return function


def refused_way(function: Way) -> Way:
    REFUSED.add(function.__name__)
    return way(function)


@way
def a_function_by_name(one: Intruder) -> None:
    one.sign(one.entry("os.mkdir", one.made))


@way
def a_private_function_of_ours(one: Intruder) -> None:
    for name in ("_sender", "sync.__globals__", "logger.handlers", "settings"):
        one.sign(one.entry(name if "." not in name else f"deployments.tasks.{name}"))


@way
def a_function_by_a_pickle(one: Intruder) -> None:
    one.sign(one.entry() | {"func": Bomb(Path(one.made))}, serializer=Pickles)


@way
def a_pickle_for_an_entry(one: Intruder) -> None:
    one.sign(Bomb(Path(one.made)), serializer=Pickles)


@way
def a_compressed_pickle(one: Intruder) -> None:
    one.sign(Bomb(Path(one.made)), serializer=Pickles, compress=True)


@way
def a_hook(one: Intruder) -> None:
    one.sign(one.entry(hook="os.mkdir"))


@way
def a_chain(one: Intruder) -> None:
    link = ["os.mkdir", [one.made], {}]
    one.sign(one.entry(chain=[link], group="g", cached=False, sync=False))


def cached(one: Intruder, key: str) -> None:
    text = b64encode(pickle.dumps(Bomb(Path(one.made)))).decode()
    until = timezone.now() + LONG_AGO
    one.sql("INSERT INTO headway_cache VALUES (%s, %s, %s)", f":1:{Conf.PREFIX}:{key}", text, until)


@way
def a_result_that_goes_to_the_cache(one: Intruder) -> None:
    cached(one, "bombs:keys")
    one.sign(one.entry(cached=True, group="bombs"))


@way
def results_that_are_put_together_in_the_cache(one: Intruder) -> None:
    cached(one, "many:keys")
    cached(one, "many:args")
    one.sign(one.entry(cached=60, group="many", iter_count=1, iter_cached=True))


@way
def a_task_without_an_end(one: Intruder) -> None:
    one.sign(one.entry(timeout=-1))
    one.sign(one.entry(timeout=10**9))


@way
def a_task_in_the_callers_process(one: Intruder) -> None:
    one.sign(one.entry(sync=True))


@way
def another_queue_or_broker(one: Intruder) -> None:
    one.sign(one.entry(cluster="elsewhere", broker="deployments.queue.broker.NotifyingBroker"))


@way
def an_entry_that_is_set_aside(one: Intruder) -> None:
    one.sign(one.entry("sync", hook="os.mkdir", kwargs={"names": []}), key=AFTER_SYNC)
    one.sign(Bomb(Path(one.made)), serializer=Pickles, key=AFTER_SYNC)


@way
def arguments_that_no_task_takes(one: Intruder) -> None:
    one.sign(one.entry("sync", names={"a": one.made}))
    one.sign(one.entry("sync", kwargs={"names": {"__reduce__": "os.mkdir"}}))
    one.sign(one.entry("start_deploy", "1; DROP TABLE deployments_site"))
    one.sign(one.entry("start_deploy", *range(50)))
    one.sign([[]] * 3)
    one.sign(one.entry(args=json.loads("[" * 500 + "]" * 500)))


@way
def junk_on_the_queues_channel(one: Intruder) -> None:
    one.sql("SELECT pg_notify('headway_queue', %s)", f"__import__('os').mkdir('{one.made}')")
    one.sql("NOTIFY anything")


@way
def a_session_with_a_pickle(one: Intruder) -> None:
    signed = core_signing.dumps(
        Bomb(Path(one.made)), salt="django.contrib.sessions.SessionStore", serializer=Pickles
    )
    one.sql("INSERT INTO django_session VALUES ('s', %s, now() + interval '1 day')", signed)


@refused_way
def a_schedule_of_anothers_function(one: Intruder) -> None:
    one.sql(
        "INSERT INTO django_q_schedule (name, func, args, schedule_type, repeats, next_run) VALUES ('x', 'os.mkdir', %s, 'I', -1, now())",
        repr(one.made),
    )


@refused_way
def the_syncs_schedule_with_options(one: Intruder) -> None:
    options = {"q_options": {"cached": True, "group": "bombs", "hook": "os.mkdir", "cluster": "x"}}
    one.sql("UPDATE django_q_schedule SET func = 'os.mkdir', kwargs = %s, next_run = now()", repr(options))


@refused_way
def a_trigger_that_keeps_the_schedule(one: Intruder) -> None:
    one.sql(
        "CREATE TRIGGER t BEFORE UPDATE ON django_q_schedule FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    )


@refused_way
def a_function_in_the_workers_search_path(one: Intruder) -> None:
    one.sql("CREATE FUNCTION public.statement_timestamp() RETURNS int LANGUAGE sql AS 'SELECT 1'")


@refused_way
def the_workers_role_with_another_search_path(one: Intruder) -> None:
    one.sql(f"ALTER ROLE {WORKER.name} SET search_path = pg_temp")


@refused_way
def a_results_row_with_a_pickle_and_a_hook(one: Intruder) -> None:
    one.sql("UPDATE django_q_task SET result = 'gASV', args = 'gASV', hook = 'os.mkdir'")


@refused_way
def a_queued_entry_rewritten(one: Intruder) -> None:
    one.sql("UPDATE django_q_ormq SET payload = 'x'")


@refused_way
def what_the_sync_saw(one: Intruder) -> None:
    Observation.objects.update(desired_image=f"{one.foreign}:1", head_image_built=True)


@refused_way
def a_namespace_that_is_a_path(one: Intruder) -> None:
    MappedWorkload.objects.filter(site=one.site).update(namespace="../kube-system", name="a/b")


@way
def a_mapping_to_foreign_images(one: Intruder) -> None:
    template = f"{one.world.registry.host}/evil/{{repository}}:{{sha}}"
    head = one.world.repository(one.site.host).head
    one.world.registry.push(f"evil/{one.site.repository}".lower(), head)
    Site.objects.filter(pk=one.site.pk).update(image_template=template, auto_deploy=True, wait_for_ci=False)
    one.site.refresh_from_db()
    one.deploy(str(one.site.image_for(head)))


@way
def a_rollback_to_a_foreign_image(one: Intruder) -> None:
    one.deploy(f"{one.foreign}:1", kind=Kind.ROLLBACK)


@way
def a_deploy_of_which_the_cluster_was_told(one: Intruder) -> None:
    one.deploy(f"{one.foreign}:1", patch_sent_at=timezone.now())


@way
def a_second_workload_that_runs_a_foreign_image(one: Intruder) -> None:
    name, image = f"evil-{one.site.pk}", f"{one.foreign}:1"
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "a", "image": image}]},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    evil = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}
    one.world.cluster.apply(json.dumps(evil), namespace=NAMESPACE)
    MappedWorkload.objects.create(
        site=one.site, kind="Deployment", namespace=NAMESPACE, name=name, containers=["a"], position=1
    )
    one.deploy(image, patch_sent_at=timezone.now())


@way
def a_restart_with_a_foreign_image(one: Intruder) -> None:
    one.deploy(f"{one.foreign}:1", kind=Kind.RESTART, patch_sent_at=timezone.now())


@way
def an_image_beside_the_prefix(one: Intruder) -> None:
    one.deploy(f"{one.world.registry.host}/icco-cloud-evil/app:1")


@way
def an_image_above_the_prefix(one: Intruder) -> None:
    one.deploy(f"{one.world.registry.host}/icco-cloud/../{FOREIGN}:1")


@way
def a_way_back_to_a_foreign_image(one: Intruder) -> None:
    Site.objects.filter(pk=one.site.pk).update(auto_rollback=True, check_status=599)
    one.deploy(
        one.world.running_image(one.site.host),
        status=Status.ROLLING_OUT,
        from_sha="b" * 40,
        from_image=f"{one.foreign}:1",
        patch_sent_at=timezone.now() - LONG_AGO,
        patched_at=timezone.now() - LONG_AGO,
    )
