"""Keep the model's data out of the prose, while it streams and wherever a piece ends.

A model is asked to close with a tagged JSON block. It may also fence it, leave the tag out, break
off in the middle, or write JSON that is no recommendation at all and belongs to the prose. What a
piece of the text becomes does not depend on how the text was cut into pieces, but for what
:mod:`.marks` says of labels.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .blocks import Until, UntilClosed
from .citations import (
    LONGEST_BLOCK,
    Citation,
    cited_items,
    is_meant_for_us,
    is_plain_data,
    is_start_of_ours,
)
from .marks import (
    ANY_TAG,
    BROKEN_TAGS,
    LABEL_START,
    MARK,
    OPENING,
    TAG_OF_BLOCK,
    is_cut_label,
    is_cut_mark,
    may_go_on,
    without_marks,
)

__all__ = ["ProseFilter", "cited_items"]

#: Characters that a mark or an opening may begin with.
_SUSPECT = re.compile(rf"[<`\[{{&~*\\(]|{LABEL_START}", re.IGNORECASE)
#: Longer pieces are taken in parts, so that no step handles much text.
_STRIDE = 512
_OPENING_TAG = re.compile(TAG_OF_BLOCK, re.IGNORECASE)
_CLOSING_TAG = re.compile(ANY_TAG, re.IGNORECASE)
_CLOSING_THOUGHT = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_FENCES = ("```", "~~~")
_BLANK_LINE = re.compile(r"\n[ \t]*\n(?!\s*-)")
_CLOSING_FENCE = re.compile("|".join(_FENCES))
#: Characters of a block that is let go that may belong to a mark at its end.
_OVERLAP = 64


@dataclass
class _Block:
    """A block that has begun: its kind, the code fence around it, and what finds its end.

    ``opening`` is how many characters its beginning takes.
    """

    kind: str
    opening: int
    fence: str
    scanner: Until | UntilClosed
    is_labelled: bool
    #: It was longer than is kept; what still comes of it is of no interest.
    is_overlong: bool = False


class ProseFilter:
    """Splits what a model writes into prose, handed on at once, and data blocks, held back.

    All prose handed on, joined, is the clean answer: no white space around it, no marks in it.

    :param is_offered: tells of an item cited in JSON whether it is on offer; JSON without our tag
        that cites nothing of ours in no format of ours is prose
    """

    def __init__(self, is_offered: Callable[[Citation], bool] | None = None) -> None:
        #: Text of the data blocks found so far.
        self.blocks: list[str] = []
        self._is_offered = is_offered
        self._pieces = self._longest_piece = 0
        self._half = ""  # first half of a character that two pieces share
        self._pending = ""  # not yet known to be prose; or the block so far
        self._block: _Block | None = None
        self._fence = ""  # the fence of the last block, as it may still be closed
        self._code = ""  # the fence of the code that the prose is in
        self._space = ""  # white space that only counts if prose follows
        self._begun = False
        self._last = ""  # the last character of the prose
        self._is_behind_list = False  # a comma or semicolon may follow that belongs to it
        self._has_gap = False  # something was taken out since the last prose

    def feed(self, text: str) -> str:
        """Take more of the model's text; return the prose that is certain by now."""
        self._pieces, self._longest_piece = self._pieces + 1, max(self._longest_piece, len(text))
        if self._half or not text.isascii():
            text = self._whole(text)
        is_at_rest = not (self._pending or self._block or self._is_behind_list)
        if is_at_rest and not self._starts_line() and not _SUSPECT.search(text):
            return self._emit(text)
        if len(text) <= _STRIDE:
            return self._take(text)
        return "".join(
            self._take(text[start : start + _STRIDE]) for start in range(0, len(text), _STRIDE)
        )

    def finish(self) -> str:
        """Take the end of the model's text; return the prose that was held back."""
        prose = self._take(_readable(self._half))
        while self._pending or self._block:
            if self._block:
                prose += self._close_block(self._block, len(self._pending), is_cut=True)
            elif is_cut_mark(self._pending) or (
                self._starts_line() and is_cut_label(self._pending)
            ):
                self._pending = ""
            elif (opening := OPENING.match(self._pending + "\n")) and self._opens(opening):
                prose += self._open_block(opening)
                continue
            else:
                prose += self._emit_first(1)
            prose += self._take("")
        return prose

    def _whole(self, text: str) -> str:
        """Return the text with characters that were cut in two made whole."""
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return _readable(text)

    def _take(self, text: str) -> str:
        self._pending += text
        prose = ""
        while (part := self._step()) is not None:
            prose += part
        return prose

    def _step(self) -> str | None:
        """Handle one block, one mark or one run of prose; None when more text is needed."""
        if self._block:
            return self._step_in_block(self._block)
        if not self._pending:
            return None
        if self._is_behind_list:
            self._is_behind_list = False
            self._pending = self._pending.removeprefix(",").removeprefix(";")
            return ""
        suspect = _SUSPECT.search(self._pending)
        if (suspect and suspect.start() == 0) or self._starts_line():
            return self._step_at_suspect()
        return self._emit_first(suspect.start() if suspect else len(self._pending))

    def _starts_line(self) -> bool:
        """Tell whether the label of a list may come next."""
        if not self._begun or "\n" in self._space:
            return True
        return self._last in ".!?:;" and self._space != ""

    # -- at what may be a mark -----------------------------------------------------------------

    def _step_at_suspect(self) -> str | None:
        text = self._pending
        if self._fence and text.startswith(self._fence):
            self._pending, self._fence, self._has_gap = text[len(self._fence) :], "", True
            return ""
        if self._code and text.startswith(self._code):
            self._code = ""
            return self._emit_first(3)
        if (opening := OPENING.match(text)) and self._opens(opening):
            lead = opening["lead"]
            if lead and self._begun and not self._space:  # it ends what stands before: "**it**<"
                return self._emit_first(len(lead))
            return self._open_block(opening)
        # An answer that begins with "I" begins with a word: no other letter is one so often.
        by_letters = self._longest_piece < 2 and (self._pieces > 1 or text != "I")
        if may_go_on(text, starts_line=self._starts_line(), by_letters=by_letters):
            return None
        if mark := MARK.match(text):
            return self._drop_mark(0, mark)
        if (broken := BROKEN_TAGS.match(text)) and (found := _whole_tag(text, broken.end())):
            return self._drop_mark(broken.end(), found)
        if text.startswith(_FENCES):
            self._code = self._code or text[:3]
            return self._emit_first(3)
        return self._emit_first(1)

    def _opens(self, opening: re.Match[str]) -> bool:
        """Tell whether what looks like a block's beginning is one here."""
        is_fenced = (opening["fence"] or "").startswith(_FENCES)
        if opening["label"]:
            return self._starts_line()
        if opening.lastgroup == "ids":
            return is_fenced or self._starts_line()
        return is_fenced or opening.lastgroup != "yaml"

    def _drop_mark(self, start: int, mark: re.Match[str]) -> str:
        """Take a mark out. What stands before it is looked at again with what follows."""
        before, after = self._pending[:start], self._pending[mark.end() :]
        if mark.re is OPENING:
            before, after = "", self._pending[start:]
        elif "<" in mark[0][:5] and cited_items(mark[0]):
            self.blocks.append(mark[0])
        self._pending, self._has_gap = before + after, True
        return ""

    # -- in a block ----------------------------------------------------------------------------

    def _open_block(self, opening: re.Match[str]) -> str:
        kind = opening.lastgroup or ""
        fence = opening["inner"] or opening["fence"] or opening["lead"] or ""
        is_labelled = opening["label"] is not None or fence.startswith(_FENCES)
        self._block = _Block(kind, opening.end(), fence, _scanner(kind, opening), is_labelled)
        self._has_gap |= kind != "json"
        return ""

    def _step_in_block(self, block: _Block) -> str | None:
        text = self._pending[: LONGEST_BLOCK + 1]
        end = block.scanner.end(text)
        if end is not None:
            return self._close_block(block, end)
        return self._cut_block(block, text) if len(text) > LONGEST_BLOCK else None

    def _cut_block(self, block: _Block, text: str) -> str:
        """Let go of a block that is too long: as prose, or as data of which no more is kept."""
        if block.kind == "text" or not self._is_data(block, text):
            # A mark may stand across the end.
            tail = max(text.rfind("<", -64), text.rfind("[", -64))
            return self._close_block(block, tail if tail > 0 else LONGEST_BLOCK)
        if not block.is_overlong:
            self._note(block, text)
        block.is_overlong = True
        cut = len(text) - _OVERLAP
        block.scanner.shorten(cut)
        self._pending = self._pending[cut:]
        return ""

    def _close_block(self, block: _Block, end: int, *, is_cut: bool = False) -> str:
        """Note a data block, or return it as the prose that it is after all.

        :param is_cut: the text ended before the block did
        """
        text, self._pending, self._block = self._pending[:end], self._pending[end:], None
        if block.kind == "text" and not is_plain_data(said := _untagged(text, block.opening)):
            self._pending = said + self._pending
            return ""
        if self._is_data(block, text) or (is_cut and is_start_of_ours(text)):
            self._note(block, text)
            return ""
        if block.fence.startswith(_FENCES):
            self._code = self._code or block.fence[:3]
        return self._emit(without_marks(_without_cut_mark(text) if is_cut else text))

    def _is_data(self, block: _Block, text: str) -> bool:
        if block.kind in ("thought", "tagged", "text") or block.is_overlong:
            return True
        if block.kind in ("ids", "listed") and "{" not in text:
            return self._is_offered is None or any(map(self._is_offered, cited_items(text)))
        return is_meant_for_us(text, self._is_offered)

    def _note(self, block: _Block, text: str) -> None:
        self._has_gap = True
        if block.kind != "thought" and not block.is_overlong:
            self.blocks.append(text)
            self._is_behind_list = block.is_labelled
            self._fence = block.fence.rstrip()[: block.fence.count(block.fence[:1])]

    # -- out -----------------------------------------------------------------------------------

    def _emit_first(self, length: int) -> str:
        prose, self._pending = self._pending[:length], self._pending[length:]
        return self._emit(prose)

    def _emit(self, prose: str) -> str:
        """Hold back white space until prose follows it; drop it before the first."""
        body = prose.rstrip()
        if not body:
            self._space += prose
            return ""
        told = body.lstrip()
        if self._space or self._has_gap or not self._begun or len(told) < len(body):
            told = self._gap(prose) + told
        self._begun, self._space, self._fence, self._has_gap = True, prose[len(body) :], "", False
        self._last = body[-1]
        return told

    def _gap(self, prose: str) -> str:
        """Return the white space before prose; where something was taken out, no more than one."""
        space = self._space + prose[: len(prose) - len(prose.lstrip())]
        if not self._begun:
            return ""
        if self._has_gap and space:
            return "\n\n" if space.count("\n") > 1 else "\n" if "\n" in space else " "
        return space


def _scanner(kind: str, opening: re.Match[str]) -> Until | UntilClosed:
    """Return what finds the end of a block that so begins."""
    if kind == "thought":
        return Until(_CLOSING_THOUGHT, opening.end(), inclusive=True)
    if kind == "text":
        return Until(_CLOSING_TAG, opening.end())
    if kind == "yaml":
        return Until(_CLOSING_FENCE if opening["fence"] else _BLANK_LINE, opening.end())
    return UntilClosed(opening.start(kind))


def _whole_tag(text: str, at: int) -> re.Match[str] | None:
    return OPENING.match(text, at) or MARK.match(text, at)


def _untagged(text: str, opening: int) -> str:
    """Return a block without its tag and what stands before that."""
    tag = _OPENING_TAG.search(text, 0, opening)
    return text[tag.end() if tag else opening :]


def _without_cut_mark(text: str) -> str:
    """Return text without the mark at its end that was cut off in the middle."""
    at = text.rfind("<", -64)
    return text[:at] if at > 0 and is_cut_mark(text[at:]) else text


def _readable(text: str) -> str:
    """Return text in which halves of one character are joined, and other halves are replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
