"""A Deployment, its ReplicaSet, a pod and events as an API server of Kubernetes 1.34 sends them, with all that is read of them."""

from typing import Any

Json = dict[str, Any]
DEPLOYMENT: Json = {
    "metadata": {
        "name": "shop",
        "namespace": "sites",
        "uid": "uid-deployment",
        "resourceVersion": "4711",
        "generation": 7,
        "creationTimestamp": "2026-11-01T08:00:00Z",
        "deletionTimestamp": "2026-11-22T10:30:00Z",
        "labels": {"app": "shop"},
        "annotations": {"deployment.kubernetes.io/revision": "7"},
        "ownerReferences": [
            {
                "apiVersion": "serving.knative.dev/v1",
                "kind": "Revision",
                "name": "shop-00007",
                "uid": "uid-revision",
                "controller": True,
            }
        ],
        "managedFields": [
            {
                "manager": "argocd-controller",
                "operation": "Apply",
                "apiVersion": "apps/v1",
                "time": "2026-11-22T10:00:00Z",
                "fieldsType": "FieldsV1",
                "fieldsV1": {
                    "f:spec": {
                        "f:template": {
                            "f:spec": {
                                "f:containers": {
                                    'k:{"name":"web"}': {".": {}, "f:name": {}, "f:image": {}},
                                    'k:{"name":"mesh"}': {".": {}, "f:env": {}},
                                },
                                "f:initContainers": {'k:{"name":"migrate"}': {"f:image": {}}},
                            }
                        }
                    }
                },
            },
            {
                "manager": "kube-controller-manager",
                "operation": "Update",
                "subresource": "status",
                "time": "2026-11-22T10:01:00Z",
                "fieldsV1": {"f:status": {"f:replicas": {}}},
            },
        ],
    },
    "spec": {
        "replicas": 3,
        "paused": True,
        "progressDeadlineSeconds": 900,
        "minReadySeconds": 5,
        "strategy": {"type": "Recreate"},
        "selector": {
            "matchLabels": {"app": "shop"},
            "matchExpressions": [{"key": "tier", "operator": "In", "values": ["web"]}],
        },
        "template": {
            "metadata": {
                "labels": {"app": "shop", "tier": "web"},
                "annotations": {"kubectl.kubernetes.io/restartedAt": "2026-11-22T09:00:00Z"},
            },
            "spec": {
                "initContainers": [{"name": "migrate", "image": "r.example/shop:1"}],
                "containers": [{"name": "web", "image": "r.example/shop:1"}],
            },
        },
    },
    "status": {
        "observedGeneration": 6,
        "replicas": 4,
        "updatedReplicas": 2,
        "readyReplicas": 3,
        "availableReplicas": 1,
        "terminatingReplicas": 5,
        "conditions": [
            {
                "type": "Progressing",
                "status": "False",
                "reason": "ProgressDeadlineExceeded",
                "message": "It has timed out progressing.",
                "lastUpdateTime": "2026-11-22T10:20:00Z",
                "lastTransitionTime": "2026-11-22T10:10:00Z",
            }
        ],
    },
}
REPLICA_SET: Json = {
    "metadata": {
        "name": "shop-5d4f",
        "namespace": "sites",
        "uid": "uid-set",
        "creationTimestamp": "2026-11-22T10:00:00Z",
        "labels": {"app": "shop", "pod-template-hash": "5d4f"},
        "annotations": {"deployment.kubernetes.io/revision": "7"},
        "ownerReferences": [
            {"kind": "Deployment", "name": "shop", "uid": "uid-deployment", "controller": True}
        ],
    },
    "spec": {
        "replicas": 2,
        "template": {"spec": {"containers": [{"name": "web", "image": "r.example/shop:1"}]}},
    },
    "status": {
        "replicas": 1,
        "readyReplicas": 1,
        "conditions": [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}],
    },
}
POD: Json = {
    "metadata": {
        "name": "shop-5d4f-x2k4p",
        "namespace": "sites",
        "uid": "uid-pod",
        "creationTimestamp": "2026-11-22T10:00:00Z",
        "deletionTimestamp": "2026-11-22T10:30:00Z",
        "labels": {"app": "shop", "tier": "web", "pod-template-hash": "5d4f"},
        "annotations": {"kubectl.kubernetes.io/restartedAt": "2026-11-22T09:00:00Z"},
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": "shop-5d4f",
                "uid": "uid-set",
                "controller": True,
            }
        ],
    },
    "spec": {
        "nodeName": "node-1",
        "readinessGates": [{"conditionType": "target-health.elbv2.k8s.aws/shop"}],
        "initContainers": [
            {"name": "migrate", "image": "r.example/shop:1"},
            {"name": "mesh", "image": "r.example/proxy:1", "restartPolicy": "Always"},
        ],
        "containers": [
            {
                "name": "web",
                "image": "r.example/shop:1",
                "imagePullPolicy": "IfNotPresent",
                "resources": {"limits": {"memory": "256Mi"}},
                "startupProbe": {
                    "httpGet": {"port": 80},
                    "initialDelaySeconds": 3,
                    "periodSeconds": 5,
                    "timeoutSeconds": 2,
                    "failureThreshold": 60,
                },
                "readinessProbe": {"httpGet": {"port": 80}},
            }
        ],
    },
    "status": {
        "phase": "Running",
        "reason": "NodeLost",
        "message": "The node is not responding.",
        "startTime": "2026-11-22T10:00:01Z",
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-22T10:00:09Z"}],
        "initContainerStatuses": [
            {
                "name": "migrate",
                "ready": True,
                "state": {
                    "terminated": {
                        "exitCode": 0,
                        "reason": "Completed",
                        "startedAt": "2026-11-22T10:00:02Z",
                        "finishedAt": "2026-11-22T10:00:03Z",
                    }
                },
            },
            {"name": "mesh", "ready": False, "state": {"waiting": {"reason": "PodInitializing"}}},
        ],
        "containerStatuses": [
            {
                "name": "web",
                "image": "r.example/shop:1",
                "imageID": "r.example/shop@sha256:1",
                "ready": True,
                "started": True,
                "restartCount": 2,
                "state": {"running": {"startedAt": "2026-11-22T10:00:08Z"}},
                "lastState": {
                    "terminated": {
                        "exitCode": 137,
                        "signal": 9,
                        "reason": "OOMKilled",
                        "message": "out of memory",
                        "startedAt": "2026-11-22T10:00:04Z",
                        "finishedAt": "2026-11-22T10:00:06Z",
                    }
                },
            }
        ],
    },
}
EVENT: Json = {
    "type": "Warning",
    "reason": "Unhealthy",
    "message": "Readiness probe failed: HTTP probe failed with statuscode: 503",
    "count": 3,
    "firstTimestamp": "2026-11-22T10:00:10Z",
    "lastTimestamp": "2026-11-22T10:00:30Z",
    "involvedObject": {
        "kind": "Pod",
        "namespace": "sites",
        "name": "shop-5d4f-x2k4p",
        "uid": "uid-pod",
        "fieldPath": "spec.initContainers{mesh}",
    },
}
