"""`DemoCluster`: a small, strict Kubernetes on loopback, for tests and for `make demo`."""

import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from simulators.cluster.admission import Admission, Denial, Mutation, Reverter
from simulators.cluster.api import Api
from simulators.cluster.authorisation import Authorisation
from simulators.cluster.behaviour import HEALTHY, Behaviour, Lasting
from simulators.cluster.container_steps import Habits
from simulators.cluster.contents import Contents
from simulators.cluster.disturbances import Disturbance
from simulators.cluster.failures import Failures, Switches
from simulators.cluster.kinds import Json
from simulators.cluster.kubeconfig import make_kubeconfig
from simulators.cluster.machinery import Machinery
from simulators.cluster.names import image_digest, pulled_as
from simulators.cluster.request_log import RequestLog
from simulators.cluster.reverters import Reverters
from simulators.cluster.server import Server
from simulators.cluster.store import Store
from simulators.cluster.tls import make_tls

RBAC = Path(__file__).resolve().parents[2] / "k8s" / "base"
WORKLOADS_RBAC = RBAC.parent / "components" / "workloads"
ROUTES_RBAC = RBAC.parent / "components" / "routes"


class DemoCluster(Contents, Switches):
    """`image_exists`, `behaviour` and `image_id` are asked with the image as it was before `mutations`, from the cluster's own thread.

    `start_seconds` is the time from a pod's creation to its readiness. `requests` is the log of what was asked.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        image_exists: Callable[[str], bool] = lambda _: True,
        behaviour: Callable[[str], Behaviour] = lambda _: HEALTHY,
        image_id: Callable[[str], str] = image_digest,
        rbac: Path | tuple[Path, ...] = RBAC,
        start_seconds: float = 1.0,
        namespaces: tuple[str, ...] = ("default",),
        history_length: int = 20_000,
        mutations: Iterable[Mutation] = (),
    ) -> None:
        self.requests = RequestLog()
        self.failures = Failures()
        self.store = Store(history_length=history_length)
        self.admission = Admission(image_id, mutations)
        original = self.admission.original
        habits = Habits(
            image_exists=lambda image: image_exists(original(image)),
            behaviour=Lasting(lambda image: behaviour(original(image))),
            start_seconds=start_seconds,
            image_id=lambda image: pulled_as(image, image_id(original(image))),
        )
        self.machinery = Machinery(self.store, habits, self.admission)
        folders = (rbac,) if isinstance(rbac, Path) else rbac
        self.api = Api(self.store, self.machinery, Authorisation(folders, self.store))
        self._reverters = Reverters(self.store, self.machinery.clock, self.api.writes)
        self.ca_pem, tls = make_tls()
        self._server = Server(port, tls, self.api, self.failures, self.requests)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="demo-cluster")
        for name in namespaces:
            self.create_namespace(name)

    # Its life.

    def start(self) -> Self:
        self.machinery.clock.start()
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends every connection and thread; raises what the controllers tripped over, if anything."""
        self.failures.stop()
        self.api.watches.close()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        self.machinery.clock.stop()
        if self.machinery.clock.failures:
            raise self.machinery.clock.failures[0]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # What its owner lets happen to objects.

    @property
    def mutations(self) -> list[Mutation]:
        """Its mutating webhooks, in their order; one may appear at any time."""
        return self.admission.mutations

    @property
    def denials(self) -> list[Denial]:
        """Its validating webhooks; one may appear at any time."""
        return self.admission.denials

    @property
    def reverters(self) -> list[Reverter]:
        return self._reverters.reverters

    # How to reach it.

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def token(self, user: str = "headway") -> str:
        return self.api.authorisation.token(user)

    def rotate_token(self, user: str = "headway") -> str:
        """A new token for the user; kubeconfigs written before are answered with 401."""
        return self.api.authorisation.rotate(user)

    def kubeconfig(self, user: str = "headway", namespace: str = "default") -> Json:
        """A kubeconfig for `headway` (the worker's Role), `admin` (everything), or a ServiceAccount by its full name."""
        return make_kubeconfig(self.url, self.ca_pem, user=user, token=self.token(user), namespace=namespace)

    def write_kubeconfig(self, path: Path, user: str = "headway", namespace: str = "default") -> Path:
        """Writes the kubeconfig, readable by its owner alone, and answers the path."""
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(self.kubeconfig(user, namespace)))
        return path

    # Its time.

    def settle_now(self, timeout_seconds: float = 60) -> None:
        """Does now all that is on its way: rollouts end, pods get ready. Only retries and deadlines keep their time."""
        self.machinery.clock.settle(timeout_seconds=timeout_seconds)

    def pass_time(self, seconds: float) -> None:
        """Moves a simulated time on; all that becomes due meanwhile has happened then, at its own moment."""
        self.machinery.clock.pass_time(seconds)

    def disturb(self, *disturbances: Disturbance) -> None:
        """Lets each happen when its time comes."""
        for each in disturbances:
            self.machinery.clock.call_later(each.after_seconds, partial(each.happen, self), patient=True)

    def wait_until(self, holds: Callable[[], bool], timeout_seconds: float = 60) -> None:
        """Waits until `holds()`, asked after every change in the cluster; raises TimeoutError."""
        with self.store.changed:
            if not self.store.changed.wait_for(holds, timeout_seconds):
                raise TimeoutError("The demo cluster never got there.")

    # How it fails.

    def expire_continue_tokens(self) -> None:
        """Every list that is half read must be restarted: 410."""
        self.api.lists.expire()

    def forget_history(self) -> None:
        """Every watch that asks for an older revision gets 410."""
        self.store.forget_history()
