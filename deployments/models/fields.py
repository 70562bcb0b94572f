"""Formats that several tables share, each as a validator with a sentence and as a regular expression for the database.

Sources: RFC 1123 for DNS names; Kubernetes' object names; GitHub's repository names.
"""

from functools import reduce
from operator import and_

from django.core.validators import RegexValidator
from django.db.models import Q

from deployments.rules.tags import TAGS
from deployments.rules.times import EARLIEST, LATEST

# In PostgreSQL `$` is the very end. In Python it also comes before a newline: there it is `\Z`, which `whole` writes.
FULL_SHA = r"^[0-9a-f]{40}$"
FULL_SHA_OR_EMPTY = r"^([0-9a-f]{40})?$"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
DNS_LABEL = rf"^{_LABEL}$"
DNS_NAME = rf"^{_LABEL}(\.{_LABEL})*$"
# Between its dots a Deployment's name may be longer than a host's: only the whole of it has a limit, of 253.
# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
_PART = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
OBJECT_NAME = rf"^{_PART}(\.{_PART})*$"


def whole(pattern: str) -> str:
    """Return a pattern written for the database as one that in Python, too, ends with the text."""
    return f"{pattern.removesuffix('$')}\\Z"


dns_name = RegexValidator(
    whole(DNS_NAME),
    "Write a DNS name in lower case: letters, digits, dots and hyphens, like cron.example.com.",
)
dns_label = RegexValidator(
    whole(DNS_LABEL),
    "Write a Kubernetes name: at most 63 lower-case letters, digits and hyphens, like my-site.",
)
object_name = RegexValidator(
    OBJECT_NAME,
    "Write the name as Kubernetes has it: lower-case letters, digits, hyphens and dots, like my-site.",
)
# Managed users have a “_” before their company's short code; old names may end with a hyphen, or have two in a row.
github_owner = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9_-]{0,38}\Z",
    "Enter the user or organisation as in the repository's address.",
)
github_repository = RegexValidator(
    r"^(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}\Z",
    "Enter the repository's name only, as in its address after the owner.",
)
image_tag = RegexValidator(
    r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z",
    "Enter the tag alone, as in the image's name after the colon, like main.",
)
tags_of_site = RegexValidator(
    whole(TAGS),
    "Separate tags by spaces: each has at most 30 lower-case letters, digits, dots, hyphens and underscores, like backend.",
)
# What git forbids in a tag's name but for the stars: https://git-scm.com/docs/git-check-ref-format.
git_tag_pattern = RegexValidator(
    r"^[^\s~^:\\\x00-\x1f\x7f]+\Z",
    "Write a pattern of tags as git has them, with * for whatever differs, like v* or api/v*.",
)
http_path = RegexValidator(
    r"^/[!-~]*\Z",
    "Enter the path with its query as it follows the host, like /healthz: it begins with a slash.",
)


def times_in_range(*columns: str) -> Q:
    """Return the condition that every time in these columns is one that Python can read, compute with and show in any zone.

    One that it cannot breaks each statement that reads its row. An empty column passes.
    """
    bounds = (Q((f"{column}__gte", EARLIEST), (f"{column}__lt", LATEST)) for column in columns)
    return reduce(and_, bounds)
