"""Tables, their constraints, and the guarded transitions between the states of a row."""

from deployments.models.audit import AuditEvent
from deployments.models.batch import BatchItem, DeployBatch
from deployments.models.build import Build
from deployments.models.commit_files import CommitFiles
from deployments.models.commits import CommitRange
from deployments.models.deploy import Deploy
from deployments.models.deploy_event import DeployEvent, EventKind
from deployments.models.deploy_status import ACTIVE_STATUSES, Kind, Status, Trigger
from deployments.models.deploy_step import DeployStep
from deployments.models.discovery import Discovery
from deployments.models.examination import Examination
from deployments.models.github_membership import GitHubMembership
from deployments.models.github_pause import GitHubPause
from deployments.models.head_check import HeadCheck
from deployments.models.hold import Hold
from deployments.models.hooks import HookDelivery, HookRefusal, HookToken, SigningKey
from deployments.models.mapped_workload import MappedWorkload
from deployments.models.mapping_check import MappingCheck
from deployments.models.observation import Observation
from deployments.models.pod_check import ContainerLog, PodCheck
from deployments.models.published_version import PublishedVersion
from deployments.models.push import NotificationPreference, PushSubscription, StarredSite
from deployments.models.schedule import SyncSchedule
from deployments.models.site import Site
from deployments.models.sync import SyncRun

__all__ = [
    "ACTIVE_STATUSES",
    "AuditEvent",
    "BatchItem",
    "Build",
    "CommitFiles",
    "CommitRange",
    "ContainerLog",
    "Deploy",
    "DeployBatch",
    "DeployEvent",
    "DeployStep",
    "Discovery",
    "EventKind",
    "Examination",
    "GitHubMembership",
    "GitHubPause",
    "HeadCheck",
    "Hold",
    "HookDelivery",
    "HookRefusal",
    "HookToken",
    "Kind",
    "MappedWorkload",
    "MappingCheck",
    "NotificationPreference",
    "Observation",
    "PodCheck",
    "PublishedVersion",
    "PushSubscription",
    "SigningKey",
    "Site",
    "StarredSite",
    "Status",
    "SyncRun",
    "SyncSchedule",
    "Trigger",
]
