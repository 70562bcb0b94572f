"""A GitHub on loopback that speaks the real protocols: GraphQL, REST, and the ways in which they fail."""

from simulators.github.access import App, TokenHeaders
from simulators.github.catalogue import Catalogue
from simulators.github.failures import Failure, Limit, Logged
from simulators.github.graph import Person
from simulators.github.histories import add_commit, written_history
from simulators.github.repository import DEPENDABOT, ICCO, Release, Repository
from simulators.github.server import DemoGitHub

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
    "Release",
    "Repository",
    "TokenHeaders",
    "add_commit",
    "written_history",
]
