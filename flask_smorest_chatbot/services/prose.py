"""Keep the model's data out of the prose, while it streams and wherever a piece ends.

A model is asked to close with a tagged JSON block. It may also fence it, leave the tag out, break
off in the middle, or write JSON that is no recommendation at all and belongs to the prose.
"""

from __future__ import annotations

import re
from typing import Any

from .prompts import BLOCK_TAG

_TAG_OPEN = f"<{BLOCK_TAG}>"
_FENCE = "```"
#: What some models think aloud before they answer: no part of the answer.
_THINK_OPEN = "<think>"
#: Where a block may begin: our tag, a code fence, or bare JSON objects.
_OPENING = re.compile(
    rf"{_TAG_OPEN}|{_THINK_OPEN}|{_FENCE}[a-z]*\s*(?=[\[{{])|\[\s*(?=\{{)|\{{\s*(?=[\"'])",
    re.IGNORECASE,
)
#: The end of the text so far, when it may still become an opening.
_PARTIAL = re.compile(rf"(?:`{{1,2}}|{_FENCE}[a-z]*\s*|[\[{{]\s*)$", re.IGNORECASE)
#: Tags of the prompt that a model may repeat in its prose: they say nothing to a reader.
_NAMES = rf"items?|profile|{BLOCK_TAG}?"
_STRAY_TAG = re.compile(rf"</?(?:{_NAMES})(?:\s[^<>\n]{{0,300}})?/?>", re.IGNORECASE)
_PARTIAL_TAG = re.compile(
    rf"<(?:/?[a-z]{{0,{len(BLOCK_TAG)}}}/?|/?(?:{_NAMES})\s[^<>\n]{{0,300}})$", re.IGNORECASE
)
#: A mark that the end of the text cut off: no prose ends so.
_CUT_MARK = re.compile(rf"</?(?:reco|item|prof)[^<>\n]*|{_FENCE}[a-z]*\s*", re.IGNORECASE)
#: A held block longer than this is let go as prose, so that memory stays bounded.
_LONGEST_BLOCK = 20_000


class ProseFilter:
    """Splits what a model writes into prose, handed on at once, and data blocks, held back.

    All prose handed on, joined, is the clean answer: no white space around it.
    """

    def __init__(self) -> None:
        #: Text of the data blocks found so far.
        self.blocks: list[str] = []
        self._pending = ""  # not yet known to be prose
        self._opening = ""  # what opened the block that `_pending` starts with
        self._space = ""  # white space that only counts if prose follows
        self._begun = False

    def feed(self, text: str) -> str:
        """Take more of the model's text; return the prose that is certain by now."""
        self._pending += text
        prose = ""
        while (part := self._step()) is not None:
            prose += part
        return prose

    def finish(self) -> str:
        """Take the end of the model's text; return the prose that was held back."""
        rest, self._pending = self._pending, ""
        if not self._opening and _CUT_MARK.fullmatch(rest):
            return ""
        if self._opening:
            rest = self._close_block(rest, "")
        return self._emit(rest)

    def _step(self) -> str | None:
        """Handle one block or one run of prose; None when more text is needed."""
        if self._opening:
            return self._step_in_block()
        found = _OPENING.search(self._pending)
        if found:
            before, self._pending = self._pending[: found.start()], self._pending[found.start() :]
            self._opening = found[0].strip().lower()
            return self._emit(before)
        cut = self._partial_mark()
        if cut == 0:
            return None
        prose, self._pending = self._pending[:cut], self._pending[cut:]
        return self._emit(prose)

    def _partial_mark(self) -> int:
        """Return where the end of the pending text may be the beginning of a mark."""
        partials = (pattern.search(self._pending) for pattern in (_PARTIAL, _PARTIAL_TAG))
        return min((found.start() for found in partials if found), default=len(self._pending))

    def _step_in_block(self) -> str | None:
        end = _block_end(self._pending, self._opening)
        if end is None:
            if len(self._pending) <= _LONGEST_BLOCK:
                return None
            if self._opening == _THINK_OPEN:
                self._pending = self._pending[-len(_THINK_OPEN) - 1 :]
                return None
            end = len(self._pending)
        block, rest = self._pending[:end], self._pending[end:]
        return self._emit(self._close_block(block, rest))

    def _close_block(self, block: str, rest: str) -> str:
        """Note a data block, or return it as the prose that it is after all."""
        opening, self._opening, self._pending = self._opening, "", rest
        if opening == _THINK_OPEN:
            return ""
        if opening == _TAG_OPEN or cited_items(block):
            self.blocks.append(block)
            return ""
        return block

    def _emit(self, prose: str) -> str:
        """Hold back white space until prose follows it; drop it before the first."""
        prose = _STRAY_TAG.sub("", prose)
        body = prose.rstrip()
        if not body:
            self._space += prose
            return ""
        if not self._begun:
            body, self._begun = body.lstrip(), True
            self._space = ""
        emitted = self._space + body
        self._space = prose[len(prose.rstrip()) :]
        return emitted


def _block_end(text: str, opening: str) -> int | None:
    """Return where the block at the start of ``text`` ends, or None when it has not ended."""
    if opening in (_TAG_OPEN, _THINK_OPEN):
        closing = opening.replace("<", "</")
        at = text.lower().find(closing)
        return None if at < 0 else at + len(closing)
    if opening.startswith(_FENCE):
        at = text.find(_FENCE, len(_FENCE))
        return None if at < 0 else at + len(_FENCE)
    return _json_end(text)


def _json_end(text: str) -> int | None:
    """Return where the brackets opened at the start of ``text`` are all closed."""
    depth, quoted, escaped = 0, False, False
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "[{":
            depth += 1
        elif not quoted and char in "]}":
            depth -= 1
            if depth == 0:
                return index + 1
    return None


def cited_items(block: str) -> list[dict[str, Any]]:
    """Return the items that a data block names, each with some of ``id``, ``name``, ``reason``.

    Reads what models write for JSON: trailing commas, single quotes, a missing end.
    """
    import json_repair

    start = re.search(r"[\[{]", block)
    data = json_repair.loads(block[start.start() :]) if start else None
    if isinstance(data, dict):
        data = data.get(BLOCK_TAG, data.get("items", [data]))
    if not isinstance(data, list):
        return []
    items = [{"id": part} if isinstance(part, str | int) else part for part in data]
    return [item for item in items if isinstance(item, dict) and _is_cited(item)]


def _is_cited(item: dict[str, Any]) -> bool:
    return "id" in item or ("name" in item and "reason" in item)
