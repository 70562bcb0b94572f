"""However an external service draws its answer out, the question ends at its deadline, as the client's own error."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import urllib3

from deployments.clients.cluster import ClusterUnavailable, connect
from deployments.clients.deadline import TooLate, in_time, seconds_left, within
from deployments.clients.github import GitHub, GitHubUnavailable, HeadProblem, HeadQuestion
from deployments.clients.ping import UnableToPing, ping
from deployments.clients.push import Browser, PushTimedOut, Sender, fresh_key_pair
from deployments.clients.registry import Registry, RegistryUnavailable
from deployments.clients.site_check import AnswerTooSlow, SiteCheck
from deployments.clients.timely_http import keep_in_time, session
from deployments.rules.images import ImageReference
from simulators.cluster.tls import make_tls
from simulators.loopback import LoopbackServer, Request, Response
from simulators.push import DemoPush
from tests.stubborn import LATE_SECONDS, WAYS, stubborn

SOON = 0.1
KUBECONFIG = """
current-context: it
clusters: [{{name: it, cluster: {{server: "http://{host}"}}}}]
contexts: [{{name: it, context: {{cluster: it, user: us}}}}]
users: [{{name: us, user: {{token: secret}}}}]
"""


@contextlib.contextmanager
def soon() -> Iterator[None]:
    """The block ends long before the server gives in."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < LATE_SECONDS / 2


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_that_is_drawn_out_ends_at_the_deadline(way: str) -> None:
    with (
        stubborn(way) as server,
        session() as asking,
        soon(),
        within(SOON),
        pytest.raises((requests.Timeout, requests.ConnectionError), match=r"timed out|in time"),
    ):
        asking.get(f"http://{server.host}/", timeout=60)


@pytest.mark.parametrize("way", ["says nothing", "100 Continue without end", "a body that trickles"])
def test_a_pool_manager_keeps_its_deadline_under_tls(way: str, tmp_path: Path) -> None:
    authority, context = make_tls()
    (tmp_path / "ca").write_text(authority)
    with (
        stubborn(way, tls=context) as server,
        urllib3.PoolManager(ca_certs=str(tmp_path / "ca")) as manager,
        soon(),
        within(SOON),
    ):
        keep_in_time(manager)

        with pytest.raises(urllib3.exceptions.TimeoutError):
            manager.request("GET", f"https://{server.host}/", timeout=60, retries=False)


def test_a_tls_handshake_that_never_comes_ends_at_the_deadline() -> None:
    with (
        stubborn("says nothing") as server,
        session() as asking,
        soon(),
        within(SOON),
        pytest.raises(requests.Timeout),
    ):
        asking.get(f"https://{server.host}/", timeout=60)


def test_a_server_that_takes_no_request_ends_at_the_deadline() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, session() as asking, soon(), within(SOON), pytest.raises(requests.Timeout):
        asking.post(f"http://127.0.0.1:{listener.getsockname()[1]}/", data=b"x" * 64_000_000, timeout=60)


def test_a_host_that_takes_no_connection_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        with (
            socket.create_connection(address),
            session() as asking,
            soon(),
            within(SOON),
            pytest.raises(requests.Timeout),
        ):
            asking.get(f"http://127.0.0.1:{address[1]}/", timeout=60)


def test_redirects_share_one_deadline() -> None:
    def slowly(request: Request) -> Response:
        time.sleep(SOON / 4)
        return Response(status=302, headers={"Location": f"{request.path}x"})

    with session(timeout_seconds=SOON) as asking:
        server = LoopbackServer(slowly).start()
        with pytest.raises(requests.Timeout):
            asking.get(f"http://{server.host}/")
        server.stop()


def test_a_block_within_a_block_ends_with_the_outer_one() -> None:
    with within(SOON), within(60):
        left = seconds_left()

    assert left <= SOON


def test_an_answer_without_a_block_takes_its_read_timeout_as_a_whole() -> None:
    with (
        stubborn("100 Continue without end") as server,
        session() as asking,
        soon(),
        pytest.raises(requests.Timeout),
    ):
        asking.get(f"http://{server.host}/", timeout=SOON)


def test_a_connection_that_was_kept_takes_no_deadline_from_before() -> None:
    server = LoopbackServer(lambda _: Response(body=b"{}")).start()
    with session() as asking:
        with within(60):
            asking.get(f"http://{server.host}/")
        time.sleep(0.01)
        answer = asking.get(f"http://{server.host}/")
    server.stop()

    assert answer.content == b"{}"


def test_what_comes_too_late_is_given_back() -> None:
    may_end, given_back = threading.Event(), threading.Event()

    with within(SOON), pytest.raises(TooLate):
        in_time(may_end.wait, late=lambda _: given_back.set())
    may_end.set()

    assert given_back.wait(5)


def test_a_call_in_time_raises_its_own_error_even_a_timeout() -> None:
    def times_out() -> None:
        raise TimeoutError("its own")

    with within(60), pytest.raises(TimeoutError, match="its own"):
        in_time(times_out)


def ask_github(host: str, _: Path) -> None:
    with GitHub(token="token", api_url=f"http://{host}", timeout_seconds=SOON) as github:
        github.compare("icco", "cron", base="a" * 40, head="b" * 40)


def ask_git(host: str, _: Path) -> None:
    with GitHub(web_url=f"http://{host}", timeout_seconds=SOON) as github:
        head = github.heads([HeadQuestion(key="site", owner="icco", repository="cron")]).heads["site"]
    assert isinstance(head, HeadProblem)
    raise head.error


def ask_registry(host: str, _: Path) -> None:
    with Registry(timeout_seconds=SOON) as registry:
        registry.digest(ImageReference(registry=host, path="icco-cloud/cron", tag="1"))


def ask_cluster(host: str, folder: Path) -> None:
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG.format(host=host))
    with connect(kubeconfig=kubeconfig, timeout_seconds=(60, 60), longest_answer_seconds=SOON) as cluster:
        cluster.workloads("Deployment", "default")


def send_ping(host: str, _: Path) -> None:
    ping(f"http://{host}/secret", timeout_seconds=SOON)


@pytest.mark.parametrize("way", ["100 Continue without end", "headers one by one"])
@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (ask_github, GitHubUnavailable),
        (ask_git, GitHubUnavailable),
        (ask_registry, RegistryUnavailable),
        (ask_cluster, ClusterUnavailable),
        (send_ping, UnableToPing),
    ],
)
def test_every_client_ends_at_its_deadline(
    ask: Callable[[str, Path], None], error: type[Exception], way: str, tmp_path: Path
) -> None:
    with stubborn(way) as server, soon(), pytest.raises(error, match=r"in time|within 0\.1|Timeout"):
        ask(server.host, tmp_path)


@pytest.mark.parametrize("way", ["100 Continue without end", "a body that trickles"])
def test_a_site_check_ends_at_its_deadline(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, context = make_tls()
    (tmp_path / "ca").write_text(authority)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca"))

    with stubborn(way, tls=context) as server, soon(), pytest.raises(AnswerTooSlow):
        SiteCheck().get(server.host, timeout_seconds=SOON)


@pytest.mark.parametrize("way", ["100 Continue without end", "headers that trickle"])
def test_a_notification_ends_at_its_deadline(way: str, tmp_path: Path) -> None:
    browser = DemoPush("", "")
    authority, context = make_tls()
    (tmp_path / "ca").write_text(authority)

    with (
        stubborn(way, tls=context) as server,
        Sender(
            private_key=fresh_key_pair().private,
            subject="mailto:a@example.com",
            also={"127.0.0.1"},
            ca_file=str(tmp_path / "ca"),
            timeout_seconds=SOON,
        ) as sender,
        soon(),
        pytest.raises(PushTimedOut),
    ):
        sender.send(
            Browser(endpoint=f"https://{server.host}/1", p256dh=browser.p256dh, auth=browser.auth), {}
        )


def test_a_library_that_opens_no_block_is_held_to_its_sessions_deadline() -> None:
    with (
        stubborn("100 Continue without end") as server,
        session(timeout_seconds=SOON) as asking,
        soon(),
        pytest.raises(requests.Timeout),
    ):
        asking.post(f"http://{server.host}/login/oauth/access_token")


def test_a_list_whose_pages_have_no_end_ends_at_the_deadline(tmp_path: Path) -> None:
    server = LoopbackServer(lambda _: Response(body=b'{"items": [], "metadata": {"continue": "on"}}')).start()

    with soon(), pytest.raises(ClusterUnavailable):
        ask_cluster(server.host, tmp_path)

    server.stop()


def test_a_plugin_that_gives_no_credentials_does_not_hold_the_worker(tmp_path: Path) -> None:
    plugin, kubeconfig = tmp_path / "plugin", tmp_path / "kubeconfig"
    plugin.write_text("#!/bin/sh\nsleep 3\n")
    plugin.chmod(0o700)
    signs_in = (
        f"exec: {{apiVersion: client.authentication.k8s.io/v1, command: {plugin}, interactiveMode: Never}}"
    )
    kubeconfig.write_text(KUBECONFIG.format(host="127.0.0.1:1").replace("token: secret", signs_in))

    with soon(), within(SOON), pytest.raises(Exception, match="gave no credentials within"):
        connect(kubeconfig=kubeconfig)
