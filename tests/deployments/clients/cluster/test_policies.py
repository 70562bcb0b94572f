"""Who refused: our Role, or a policy of the cluster's that no Role changes."""

import json

import pytest

from deployments.clients.cluster import ClusterRefused, Conflict, DeniedByPolicy
from deployments.clients.cluster.errors import error_for
from simulators.cluster.refusals import (
    FROZEN,
    GATEKEEPER,
    KYVERNO,
    LIMIT_RANGE,
    QUOTA,
    RBAC,
    TERMINATING,
    VALIDATING_POLICY,
)
from tests.deployments.clients.cluster.ground import FIRST, SECOND, WEB


@pytest.fixture(autouse=True)
def site(demo):
    demo.create_deployment("default", "cron", containers={WEB: FIRST}, settled=True)


def refused(demo, client, refusal):
    read = client.workload("Deployment", "default", "cron")
    demo.fail_next(refusal.status, method="PATCH", message=refusal.message)
    client.set_images(read, images={WEB: SECOND}, annotations={})


@pytest.mark.parametrize("refusal", [GATEKEEPER, KYVERNO, VALIDATING_POLICY, QUOTA, LIMIT_RANGE, FROZEN])
def test_a_policys_refusal_is_not_reported_as_the_roles(demo, client, refusal):
    with pytest.raises(DeniedByPolicy) as raised:
        refused(demo, client, refusal)

    assert str(raised.value) == (
        f"A policy or quota of the cluster refuses this ({refusal.status}); Headway's Role allows it. Change what the message names, "
        f"or ask the cluster's administrators. It said: {refusal.message}"
    )


def test_a_namespace_on_its_way_out_is_called_that(demo, client):
    with pytest.raises(
        DeniedByPolicy, match=r"The namespace is being deleted .403.. Map the site to another"
    ):
        refused(demo, client, TERMINATING)


def test_what_the_role_lacks_is_to_be_granted_in_it(demo, client):
    with pytest.raises(ClusterRefused, match=r"Grant it in Headway's Role") as raised:
        refused(demo, client, RBAC)

    assert raised.value.server_message == RBAC.message


def test_a_role_that_lacks_it_in_truth_says_so(demo, client):
    demo.create_namespace("elsewhere")

    with pytest.raises(ClusterRefused, match=r"Grant it in Headway's Role. It said: .*cannot list resource"):
        client.workloads("Deployment", "elsewhere")


OWN_CODE = 'admission webhook "freeze.example.com" denied the request: no deploys until Monday'
MUTATING = "MutatingAdmissionPolicy 'pin' with binding 'all' denied request: no digest for this tag"


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (404, OWN_CODE, DeniedByPolicy),
        (409, OWN_CODE, DeniedByPolicy),
        (422, MUTATING, DeniedByPolicy),
        (409, 'Operation cannot be fulfilled on deployments.apps "cron": it has been modified', Conflict),
    ],
)
def test_a_policy_may_answer_with_a_code_of_its_choice(status, message, kind):
    body = json.dumps({"kind": "Status", "message": message}).encode()

    assert type(error_for(status, headers={}, body=body)) is kind
