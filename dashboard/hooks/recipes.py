"""What one copies to set up a door: addresses, commands and a workflow's step, filled in for this installation."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from deployments.rules.hooks.github import EVENTS


@dataclass(frozen=True)
class Recipe:
    title: str
    text: str


def github(*, address: str, repositories: Iterable[str]) -> list[Recipe]:
    """With GitHub's own command: https://cli.github.com/manual/gh_api."""
    config = {"url": address, "content_type": "json", "secret": "SECRET"}
    body = json.dumps({"name": "web", "active": True, "events": list(EVENTS), "config": config})
    names = " ".join(sorted(set(repositories))) or "OWNER/REPOSITORY"
    head = f"read -rs -p 'Secret: ' SECRET\nBODY='{body}'\n"
    given = '--input - <<< "${BODY/SECRET/$SECRET}"'
    each = f'gh api --silent --method POST "repos/$REPOSITORY/hooks" {given}'
    whole = f"gh api --silent --method POST orgs/ORGANIZATION/hooks {given}"
    return [
        Recipe("Payload URL", address),
        Recipe("Make a secret", "openssl rand -hex 32"),
        Recipe(
            "Give it to web",
            "kubectl --namespace headway create secret generic headway-web --dry-run=client --output yaml \\\n"
            "  --from-literal=GITHUB_HOOK_SECRETS=SECRET | kubectl apply --server-side --filename -\n"
            "kubectl --namespace headway rollout restart deployment/headway-web",
        ),
        Recipe("A webhook for each repository", f"{head}for REPOSITORY in {names}; do\n  {each}\ndone"),
        Recipe("Or one for a whole organization", f"{head}{whole}"),
    ]


def actions(*, address: str, audience: str) -> list[Recipe]:
    """With curl and jq, which GitHub's runners have: https://docs.github.com/en/actions/reference/security/oidc."""
    step = f"""permissions:
  contents: read
  id-token: write
steps:
  - name: Tell Headway
    run: |
      token=$(curl --fail --silent --show-error \\
        --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
        "$ACTIONS_ID_TOKEN_REQUEST_URL&audience={audience}" | jq --raw-output .value)
      curl --fail-with-body --silent --show-error --request POST \\
        --header "Authorization: Bearer $token" {address}"""
    return [Recipe("The last step of a workflow, after the image's push", step)]


def google(*, address: str, audience: str, account: str) -> list[Recipe]:
    """https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions."""
    sender = account or "headway-push@PROJECT.iam.gserviceaccount.com"
    push = [
        "gcloud iam service-accounts create headway-push",
        "gcloud projects add-iam-policy-binding PROJECT --role roles/iam.serviceAccountTokenCreator \\",
        "  --member serviceAccount:service-PROJECT_NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com",
        "for TOPIC in gcr cloud-builds; do",
        "  gcloud pubsub topics describe $TOPIC || gcloud pubsub topics create $TOPIC",
        "  gcloud pubsub subscriptions create headway-$TOPIC --topic $TOPIC --expiration-period never \\",
        f"    --push-endpoint {address} --push-auth-token-audience {audience} \\",
        f"    --push-auth-service-account {sender}",
        "done",
    ]
    pull = [
        "gcloud pubsub subscriptions create headway --topic gcr --expiration-period never",
        "gcloud pubsub subscriptions add-iam-policy-binding headway --role roles/pubsub.subscriber \\",
        "  --member serviceAccount:THE_WORKERS_ACCOUNT",
        "# and for the worker: PUBSUB_SUBSCRIPTION=projects/PROJECT/subscriptions/headway",
    ]
    schedule = "gcloud scheduler jobs create pubsub headway-sync --schedule '*/30 * * * *' --topic gcr \\\n"
    return [
        Recipe("Push: Google calls this address", "\n".join(push)),
        Recipe("Pull: no open door, the worker asks Google", "\n".join(pull)),
        Recipe("A sync by Cloud Scheduler", schedule + '  --message-body \'{"job": "sync"}\''),
    ]


def image(*, address: str) -> list[Recipe]:
    """With a token of which `address` ends."""
    curl = f'curl --fail-with-body --json \'{{"image": "registry.example.com/app:1.0"}}\' {address}'
    return [Recipe("Webhook URL", address), Recipe("Or from any script", curl)]
