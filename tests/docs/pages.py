"""Read the project's documents: prose, code blocks, links, headings and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path
    text: str = field(repr=False)

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def prose(self) -> str:
        """The text without fenced blocks."""
        return _FENCED.sub("", self.text)

    def blocks(self, language: str) -> list[str]:
        return [body for found, body in _FENCED.findall(self.text) if found == language]

    @property
    def code(self) -> str:
        """Shell blocks, indented blocks and what stands between backquotes, one a line."""
        marked = re.findall(r"`([^`]+)`", self.prose)
        indented = re.findall(r"^ {4}(\S.*)$", self.prose, re.MULTILINE)
        return "\n".join([*self.blocks("bash"), *indented, *marked])

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    @cached_property
    def anchors(self) -> set[str]:
        """The anchors of the headings, as GitHub makes them."""
        return {_anchor(heading) for heading in _HEADING.findall(self.prose)}

    def section(self, heading: str) -> str:
        """The text from a heading to the next of its level or above."""
        level, _, _ = heading.partition(" ")
        begin = self.text.index(f"\n{heading}\n") + len(heading) + 2
        rest = self.text[begin:]
        end = re.search(rf"^#{{1,{len(level)}}} ", rest, re.MULTILINE)
        return rest[: end.start()] if end else rest

    def first_cells(self, heading: str) -> set[str]:
        """The words in the first column of the tables below a heading, without code marks."""
        cells = re.findall(r"^\| `([^`]+)` \|", self.section(heading), re.MULTILINE)
        return set(cells)


def _anchor(heading: str) -> str:
    words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return words.replace(" ", "-")


def read(name: str) -> Page:
    """Return the page at a path from the project's root."""
    return Page(ROOT / name, (ROOT / name).read_text(encoding="utf-8"))


def all_pages() -> Iterator[Page]:
    """Yield every Markdown file that belongs to the project's documents."""
    globs = ("*.md", "docs/**/*.md", "small_ollama/*.md", "examples/*/*.md")
    for path in sorted({path for pattern in globs for path in ROOT.glob(pattern)}):
        yield read(path.relative_to(ROOT).as_posix())
