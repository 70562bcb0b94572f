import threading
import time
from base64 import b64encode
from dataclasses import replace

import pytest

from deployments.clients.cluster import (
    ClusterRefused,
    ClusterUnavailable,
    Conflict,
    Throttled,
    connect,
)
from deployments.rules.workloads import containers
from simulators.cluster.tls import make_tls
from simulators.loopback import LoopbackServer, Response
from tests.deployments.clients.cluster.ground import FIRST, SECOND, WEB

DEPLOYMENTS = "/deployments"


@pytest.fixture(autouse=True)
def site(demo):
    demo.create_deployment("default", "cron", containers={WEB: FIRST}, settled=True)


def patch(client):
    return client.set_images(
        client.workload("Deployment", "default", "cron"), images={WEB: SECOND}, annotations={}
    )


def test_a_conflict_is_not_retried_automatically_and_the_next_reading_succeeds(demo, client):
    demo.fail_next(409, method="PATCH")

    with pytest.raises(Conflict):
        patch(client)

    assert containers(patch(client)) == {WEB: SECOND}
    assert len(demo.requests.matching(method="PATCH")) == 2


def test_an_error_of_the_servers_own_says_what_it_said_and_the_next_try_succeeds(demo, client):
    demo.fail_next(500, path_contains=DEPLOYMENTS)

    with pytest.raises(ClusterUnavailable, match=r"\(500\). Try again\. It said: Internal error occurred"):
        client.workloads("Deployment", "default")

    assert len(client.workloads("Deployment", "default")) == 1


def test_a_patch_that_meets_an_error_is_sent_once(demo, client):
    demo.fail_next(500, method="PATCH")

    with pytest.raises(ClusterUnavailable):
        patch(client)

    assert len(demo.requests.matching(method="PATCH")) == 1


@pytest.mark.impatient
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_server_that_hangs_is_dropped_after_one_timeout(demo, client, method):
    demo.hang(60, method=method, path_contains=DEPLOYMENTS)
    started = time.monotonic()

    with pytest.raises(ClusterUnavailable, match=r"did not answer in time\. Try again"):
        patch(client)

    # The timeout is three seconds; a client that asked three times would take nine.
    assert time.monotonic() - started < 9


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_dropped_connection_is_unavailable_and_the_next_try_succeeds(demo, client, method):
    demo.drop_connection(method=method, path_contains=DEPLOYMENTS)

    with pytest.raises(ClusterUnavailable, match="cannot be reached"):
        patch(client)

    assert containers(patch(client)) == {WEB: SECOND}


def test_a_patch_whose_answer_is_lost_has_happened_once(demo, client):
    demo.drop_connection(method="PATCH", after=True)

    with pytest.raises(ClusterUnavailable):
        patch(client)

    assert containers(patch(client)) == {WEB: SECOND}
    assert demo.deployment("default", "cron")["metadata"]["generation"] == 2


@pytest.mark.parametrize("field", ["resource_version", "namespace", "name"])
def test_what_came_without_its_revision_or_name_is_not_patched(demo, client, field):
    read = replace(client.workload("Deployment", "default", "cron"), **{field: ""})

    with pytest.raises(ClusterUnavailable, match="without its name or revision"):
        client.set_images(read, images={WEB: SECOND}, annotations={})

    assert demo.requests.matching(method="PATCH") == []


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_throttled_request_says_how_long_to_wait_and_does_not_wait_itself(demo, client, method):
    demo.fail_next(429, method=method, path_contains=DEPLOYMENTS, retry_after=60)
    started = time.monotonic()

    with pytest.raises(Throttled, match="a pause of 60 s") as refusal:
        patch(client)

    assert refusal.value.retry_after_seconds == 60
    assert time.monotonic() - started < 30


def test_a_rotated_token_is_distinguished_from_a_missing_permission(demo, client):
    demo.rotate_token()

    with pytest.raises(ClusterRefused, match=r"credentials \(401\). Renew the token") as refusal:
        client.workloads("Deployment", "default")

    assert (refusal.value.status, refusal.value.server_message) == (401, "Unauthorized")


def test_a_namespace_that_is_not_granted_leaves_the_others_readable(demo, client):
    demo.create_namespace("payments")

    with pytest.raises(ClusterRefused, match=r"\(403\). Grant it in Headway's Role.*payments") as refusal:
        client.workloads("Deployment", "payments")

    assert refusal.value.status == 403
    assert len(client.workloads("Deployment", "default")) == 1


def many(demo, count=501):
    for number in range(count):
        demo.create_deployment("default", f"site-{number}", containers={WEB: FIRST}, replicas=0, settled=True)


def test_a_long_list_is_read_by_pages(demo, client):
    many(demo)

    listed = client.workloads("Deployment", "default")

    assert len({each.name for each in listed}) == len(listed) == 502
    assert [entry.query["limit"] for entry in demo.requests] == ["500", "500"]


def test_a_list_that_expires_in_the_middle_is_read_from_the_start(demo, client):
    many(demo)
    demo.hang(2, times=2, path_contains=DEPLOYMENTS)
    expiring = threading.Thread(target=expire_after_first_page, args=[demo])
    expiring.start()

    listed = client.workloads("Deployment", "default")

    expiring.join()
    assert len({each.name for each in listed}) == len(listed) == 502
    assert [entry.status for entry in demo.requests] == [200, 410, 200, 200]


def expire_after_first_page(demo):
    while not len(demo.requests):
        time.sleep(0.01)
    demo.expire_continue_tokens()


def test_a_list_that_expires_again_and_again_is_given_up(demo, client):
    demo.fail_next(410, times=10, path_contains=DEPLOYMENTS)

    with pytest.raises(ClusterUnavailable, match="three times"):
        client.workloads("Deployment", "default")

    assert len(demo.requests) == 3


def test_a_server_that_is_gone_cannot_be_reached(demo, tmp_path):
    kubeconfig = demo.write_kubeconfig(tmp_path / "gone")
    text = kubeconfig.read_text().replace(f":{demo.port}", ":1")
    kubeconfig.write_text(text)

    with (
        connect(kubeconfig=kubeconfig, timeout_seconds=(1, 1)) as client,
        pytest.raises(ClusterUnavailable, match=r"127\.0\.0\.1:1 cannot be reached"),
    ):
        client.workloads("Deployment", "default")


def test_a_server_with_another_certificate_is_not_trusted(demo, tmp_path):
    another, _ = make_tls(["another.example.com"])
    kubeconfig = demo.write_kubeconfig(tmp_path / "other")
    trusted, instead = (b64encode(each.encode()).decode() for each in (demo.ca_pem, another))
    assert trusted in kubeconfig.read_text()
    kubeconfig.write_text(kubeconfig.read_text().replace(trusted, instead))

    with (
        connect(kubeconfig=kubeconfig) as client,
        pytest.raises(ClusterUnavailable, match="no safe connection"),
    ):
        client.workloads("Deployment", "default")


def test_an_answer_that_only_trickles_is_given_up(demo, tmp_path, trickle):
    kubeconfig = demo.write_kubeconfig(tmp_path / "trickles")
    kubeconfig.write_text(kubeconfig.read_text().replace(demo.url, trickle))

    with (
        connect(kubeconfig=kubeconfig, longest_answer_seconds=0.3) as client,
        pytest.raises(ClusterUnavailable, match="did not answer in time"),
    ):
        client.workloads("Deployment", "default")


def test_an_answer_nested_without_end_is_unavailable(demo, tmp_path):
    kubeconfig = demo.write_kubeconfig(tmp_path / "deep")
    server = LoopbackServer(lambda _: Response(body=b"[" * 100_000)).start()
    kubeconfig.write_text(kubeconfig.read_text().replace(demo.url, f"http://{server.host}"))

    with connect(kubeconfig=kubeconfig) as client, pytest.raises(ClusterUnavailable, match="cannot be read"):
        client.workloads("Deployment", "default")

    server.stop()
