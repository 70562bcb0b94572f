"""the original script's approach over the same servers: for each site the newest commit, its Deployment, and an update of it.

Like the original script, it ends at the first repository that GitHub does not answer for; how far it came is printed.
"""

import json
from time import perf_counter

import django
import requests
from django.conf import settings


def main() -> None:
    django.setup()
    from kubernetes import client, config

    from deployments.models import Site

    config.load_kube_config(str(settings.KUBECONFIG))
    cluster = client.AppsV1Api()
    github = requests.Session()
    github.headers["Authorization"] = f"bearer {settings.GITHUB_TOKEN}"
    sites = list(Site.objects.with_workloads())
    done, start = 0, perf_counter()
    for site in sites:
        path = f"{settings.GITHUB_API_URL}/repos/{site.owner}/{site.repository}/commits/{site.branch}"
        answer = github.get(path, timeout=10)
        if not answer.ok:
            break
        sha = answer.json()["sha"]
        (deployment,) = site.references
        cluster.read_namespaced_deployment(deployment.name, deployment.namespace)
        containers = [{"name": deployment.name, "image": str(site.image_for(sha))}]
        change = {"spec": {"template": {"spec": {"containers": containers}}}}
        cluster.patch_namespaced_deployment(deployment.name, deployment.namespace, change)
        done += 1
    seconds = round(perf_counter() - start, 2)
    print(json.dumps({"seconds": seconds, "sites": done, "github": done, "cluster": 2 * done}))


main()
