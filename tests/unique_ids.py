"""No page has an id twice: labels, descriptions and what htmx gives the focus back to would find another's. Every page that a test of tests/dashboard sees is checked."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from html.parser import HTMLParser

from django.http import HttpRequest, HttpResponse

_ID = re.compile(r"""\bid\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class _Ids(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: list[str] = []
        self.of_pane: list[str] = []
        """Of main's children that are put beside another page's: dashboard/components/panes.js leaves out dialogs, templates and notes."""
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self._open.append((tag, named))
        if identifier := named.get("id"):
            if not self._is_in_template():
                self.all.append(identifier)
            if self._is_in_pane():
                self.of_pane.append(identifier)
        if tag in VOID:
            self._open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def _is_in_template(self) -> bool:
        """What is in one is no part of the page."""
        return any(tag == "template" for tag, _ in self._open[:-1])

    def _is_in_pane(self) -> bool:
        tags = [tag for tag, _ in self._open]
        if "main" not in tags[:-1]:
            return False
        tag, named = self._open[tags.index("main") + 1]
        return tag not in {"dialog", "template"} and "note" not in (named.get("class") or "").split()


def ids_of(html: str) -> list[str]:
    return _Ids(html).all


def ids_of_pane(html: str) -> list[str]:
    return _Ids(html).of_pane


def twice(ids: Iterable[str]) -> list[str]:
    return sorted(each for each, count in Counter(ids).items() if count > 1)


def unique_ids(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware: a page or fragment with an id twice fails the test that requested it."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
            html = response.content.decode()
            # To take a page apart takes as long as to render it: only where an id may be there twice.
            found = twice(ids_of(html)) if twice(_ID.findall(html)) else []
            assert not found, f"{request.path} has these ids twice: {', '.join(found)}"
        return response

    return answer
