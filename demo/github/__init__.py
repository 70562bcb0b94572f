"""A GitHub on loopback that speaks the real protocols: GraphQL, REST, and the ways in which they fail."""

from demo.github.access import App, TokenHeaders
from demo.github.catalogue import Catalogue
from demo.github.failures import Failure, Limit, Logged
from demo.github.graph import Person
from demo.github.histories import add_commit, written_history
from demo.github.repository import DEPENDABOT, ICCO, Repository
from demo.github.server import DemoGitHub

__all__ = [
    "DEPENDABOT",
    "ICCO",
    "App",
    "Catalogue",
    "DemoGitHub",
    "Failure",
    "Limit",
    "Logged",
    "Person",
    "Repository",
    "TokenHeaders",
    "add_commit",
    "written_history",
]
