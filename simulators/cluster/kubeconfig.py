"""The file by which kubectl, and every other client, reaches the cluster."""

import base64

from simulators.cluster.kinds import Json


def make_kubeconfig(url: str, ca_pem: str, *, user: str, token: str, namespace: str) -> Json:
    authority = base64.b64encode(ca_pem.encode()).decode()
    cluster = {"server": url, "certificate-authority-data": authority}
    context = {"cluster": "demo", "user": user, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "demo", "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "demo", "context": context}],
        "current-context": "demo",
    }
