"""Admission's refusals, in the API server's own words: to `fail_next`, by status and message."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    status: int
    message: str


_CRON = 'deployments.apps "cron" is forbidden: '
GATEKEEPER = Refusal(
    403,
    'admission webhook "validation.gatekeeper.sh" denied the request: [allowed-repos] container <cron> has an invalid image repo '
    "<gcr.io/icco-cloud/cron:2>, allowed repos are [registry.example.com]",
)
KYVERNO = Refusal(
    400,
    'admission webhook "validate.kyverno.svc-fail" denied the request: resource Deployment/default/cron was blocked due to the '
    "following policies: require-signature: check-image: image is not signed",
)
VALIDATING_POLICY = Refusal(
    422,
    "deployments.apps \"cron\" is forbidden: ValidatingAdmissionPolicy 'digests-only' with binding 'default' denied request: "
    "images are named by digest",
)
FROZEN = Refusal(
    403,
    'admission webhook "freeze.example.com" denied the request: User "headway" cannot change apps in production on a Friday',
)
QUOTA = Refusal(
    403, f"{_CRON}exceeded quota: compute, requested: limits.cpu=2, used: limits.cpu=4, limited: limits.cpu=4"
)
LIMIT_RANGE = Refusal(403, f"{_CRON}maximum memory usage per Container is 512Mi, but limit is 1Gi")
TERMINATING = Refusal(
    403, f"{_CRON}unable to create new content in namespace default because it is being terminated"
)
RBAC = Refusal(
    403,
    f'{_CRON}User "system:serviceaccount:headway:headway-worker" cannot patch resource "deployments" in API group "apps" in the '
    'namespace "default"',
)
