"""Read which items a data block cites, in whatever shape a model writes it. Pure and linear.

Asked for is ``[{"id": 17, "reason": "..."}]``. Met are also trailing commas, single quotes, plain
lists, ids as keys, an end that is missing, and the same members written as YAML or XML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..prompts import BLOCK_TAG
from .marks import LABEL

#: One cited item: some of ``id``, ``name``, ``reason``, ``price`` and ``url``, as the model wrote.
Citation = dict[str, Any]

#: Characters of a block that are read; an answer's longest allowed list is far shorter.
LONGEST_BLOCK = 4_000

#: What models call the members.
_MEMBERS = {
    "id": ("id", "item_id", "itemid", "listing_id", "product_id", "instrument_id", "item id"),
    "name": ("name", "title", "item", "product", "instrument", "model", "item_name"),
    "reason": ("reason", "why", "reasons", "explanation", "reasoning"),
    "price": ("price", "daily_rate", "price_per_day", "cost", "rate"),
    "url": ("url", "link"),
}
_MEMBER_OF = {alias: member for member, aliases in _MEMBERS.items() for alias in aliases}
#: Keys under which models put the list itself.
_LISTS = (BLOCK_TAG, BLOCK_TAG.rstrip("s"), "items", "picks", "selected", "ids")
#: Members that other JSON seldom has beside an id or a name.
_TELLING = {"reason", "price", "url"}

_QUOTE = r"[\"']"
#: Curly quotes, which some models write, as the straight ones that JSON wants.
_STRAIGHT = str.maketrans(
    {"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'"}
)
_ALIASES = "|".join(sorted(_MEMBER_OF, key=len, reverse=True))
#: ``"id": 17``, ``id: 17``, ``id="17"`` or ``<id>17``.
_MEMBER = re.compile(
    rf"(?:(?<![\w<]){_QUOTE}?(?P<key>{_ALIASES})(?:{_QUOTE}?\s{{0,9}}[:=]"
    rf"|{_QUOTE}(?=\s[\d\"']))\s{{0,9}}|<(?P<tag>{_ALIASES})>)"
    r"(?:\"(?P<double>[^\"\n]{0,300})"
    r"|'(?P<single>[^\n{}]{0,300}?)(?:'(?=\s{0,9}[,}\]:\n/>]|$)|$)"
    r"|(?P<plain>[^\s\"',{}\[\]<>][^\",{}\[\]<>\n]{0,300}))",
    re.IGNORECASE,
)
_LIST_KEY = re.compile(rf"{_QUOTE}?(?:{'|'.join(_LISTS)}){_QUOTE}?\s{{0,9}}[:=]", re.IGNORECASE)
_SCALAR_LIST = re.compile(r"\[([^\[\]{}]{0,2000})")
_ONLY_IDS = re.compile(r"[\s\d,;#\"'-]*\d[\s\d,;#\"'-]*")
_ID_LINE = re.compile(
    r"^\W{0,9}(?P<id>[\w-]{0,20}\d)[\"']?\s{0,3}:\s{0,3}(?P<reason>.{0,300})$", re.MULTILINE
)
_CSV_HEAD = re.compile(r"\s*id\s*[,;\t]", re.IGNORECASE)
#: The wrapping of a block: fence with language, and our tag.
_WRAPPING = re.compile(rf"`{{3}}[\w+-]{{0,20}}|`|</?(?:{BLOCK_TAG}?|item)\s{{0,9}}>", re.IGNORECASE)
_BRACKET = re.compile(r"[\[{]")
_NEXT_BRACKET = re.compile(r"[\s,]*[\[{]")
_TOOL_CALL = re.compile(r"[\"'](?:arguments|parameters)[\"']\s{0,9}:\s{0,9}\{")
_NONE = re.compile(
    rf"(?:\{{\s*{_QUOTE}?\w{{1,20}}{_QUOTE}?\s*:\s*)?\[\s*\]\s*\}}?|none|null|n/a", re.IGNORECASE
)
_DECODER = json.JSONDecoder(strict=False)
_DEEPEST = 4


def cited_items(block: str) -> list[Citation]:
    """Return the items that a data block names, in order; what cannot be read names none."""
    return _read(block)[0]


def cites_none(block: str) -> bool:
    """Tell whether a data block says that nothing is recommended: an empty list, or "none"."""
    return _NONE.fullmatch(_bare(block)) is not None


def is_meant_for_us(block: str, is_offered: Callable[[Citation], bool] | None = None) -> bool:
    """Tell whether JSON without our tag cites items to recommend, rather than being prose.

    :param block: JSON as the model wrote it, perhaps fenced
    :param is_offered: tells of a citation whether it is of an item on offer
    """
    items, listed = _read(block)
    return (
        listed
        or bool(_TOOL_CALL.search(block))
        or any(_is_ours(item) or (is_offered and is_offered(item)) for item in items)
    )


def is_start_of_ours(block: str) -> bool:
    """Tell whether JSON that was cut off begins a citation, as far as can be seen."""
    keys = [*_MEMBER_OF, *_LISTS]
    found = re.fullmatch(rf"[\[{{\s]*(?:{_QUOTE}(\w*){_QUOTE}?\s*:?\s*)?", _bare(block))
    if found is None:
        return any("id" in item for item in cited_items(block))
    return any(key.startswith((found[1] or "").lower()) for key in keys)


def is_plain_data(text: str) -> bool:
    """Tell whether tagged text without JSON is members or ids only, and no sentence."""
    if _ONLY_IDS.fullmatch(text) or _CSV_HEAD.match(text):
        return True
    lines = [line.strip(" \t-*") for line in text.splitlines() if line.strip(" \t-*")]
    return all(
        _MEMBER.match(line) or line.startswith("<") or _ID_LINE.match(line) for line in lines
    )


def _read(block: str) -> tuple[list[Citation], bool]:
    """Return the citations, and whether they stand under a key such as ``recommendations``."""
    body = _bare(block[:LONGEST_BLOCK])
    data = _decoded(body)
    if data is None and '\\"' in body:
        data = _decoded(body.replace('\\"', '"'))
    if data is None:
        return list(_from_members(body)), bool(_LIST_KEY.match(body.lstrip("{[ \n")))
    listed = isinstance(data, dict) and any(key in _lowered(data) for key in _LISTS)
    return list(_from_data(data, _DEEPEST)), listed


def _bare(block: str) -> str:
    bare = _WRAPPING.sub("", block).translate(_STRAIGHT).strip()
    return LABEL.sub("", bare, count=1) if LABEL.match(bare) else bare


def _decoded(body: str) -> Any:
    """Return the JSON in a text, several values as a list; None when some cannot be read."""
    values: list[Any] = []
    start = _BRACKET.search(body)
    try:
        while start:
            value, end = _DECODER.raw_decode(body, start.end() - 1)
            values.append(value)
            start = _NEXT_BRACKET.match(body, end)
    except (ValueError, RecursionError):
        return None
    return values[0] if len(values) == 1 else values or None


def _from_data(data: Any, depth: int) -> Iterator[Citation]:
    if isinstance(data, list):
        for part in data:
            if isinstance(part, str | int) and not isinstance(part, bool):
                yield {"id": part}
            elif depth:
                yield from _from_data(part, depth - 1)
    elif isinstance(data, dict):
        yield from _from_object(_lowered(data), depth)


def _from_object(data: Mapping[str, Any], depth: int) -> Iterator[Citation]:
    for key in _LISTS:
        if key in data:
            yield from _from_list(data[key], depth - 1)
            return
    called_with = data.get("arguments") or data.get("parameters")
    if depth and isinstance(called_with, dict):
        yield from _from_object(_lowered(called_with), depth - 1)
        return
    within = list(_within(data))
    nested = within[0] if within else {}
    if depth and any(key in nested for key in _LISTS):
        yield from _from_object(nested, depth - 1)
        return
    if depth and len(within) > 1 and not _names_one(_scalars(data)):
        for part in within:
            yield from _from_object(part, depth - 1)
        return
    item = _members({**nested, **_scalars(data)})
    if isinstance(item.get("id"), list):
        yield from ({**item, "id": key} for key in item["id"])
    elif "id" in item or "name" in item:
        yield item
    elif not item and all(key.isdigit() for key in data):
        yield from ({"id": key, "note": note} for key, note in data.items())
    elif depth:
        yield from _from_lists(data, depth - 1)


def _within(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the objects that are values of an object."""
    return (_lowered(value) for value in data.values() if isinstance(value, dict))


def _from_lists(data: Mapping[str, Any], depth: int) -> Iterator[Citation]:
    """Read lists of items under keys of the model's own, such as ``guitars``."""
    for value in data.values():
        if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
            yield from _from_data(value, depth)


def _names_one(data: Mapping[str, Any]) -> bool:
    """Tell whether an object is itself an item."""
    return bool({"id", "name"} & _members(data).keys())


def _from_list(data: Any, depth: int) -> Iterator[Citation]:
    """Read what stands under ``recommendations``: a list, one item, or ids as keys."""
    if depth < 0:
        return
    if isinstance(data, dict) and any(map(_names_one, _within(data))):
        for part in _within(data):
            yield from _from_object(part, depth)
    elif isinstance(data, dict) and not _members(_lowered(data)):
        yield from ({"id": key, "reason": value} for key, value in data.items())
    else:
        yield from _from_data([data] if isinstance(data, str | int) else data, depth)


def _lowered(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key.strip(" :").lower(): value for key, value in data.items()}


def _scalars(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if not isinstance(value, dict)}


def _members(data: Mapping[str, Any]) -> Citation:
    """Return the members we know, under our names; the first of two with one meaning counts."""
    item: Citation = {}
    for key, value in data.items():
        if (member := _MEMBER_OF.get(key)) and value not in (None, ""):
            item.setdefault(member, value)
    return item


def _from_members(body: str) -> Iterator[Citation]:
    """Read ``key: value`` pairs wherever they stand; a key that comes again begins a new item."""
    item: Citation = {}
    end = 0
    for found in _MEMBER.finditer(body):
        member = _MEMBER_OF[(found["key"] or found["tag"]).lower()]
        if member in item or (item and "{" in body[end : found.start()]):
            yield item
            item = {}
        item[member] = _value(found)
        end = found.end()
    if item:
        yield item
    elif _CSV_HEAD.match(body):
        rows = (re.split(r"[,;\t]", row)[0].strip() for row in body.splitlines()[1:])
        yield from ({"id": row} for row in rows if row)
    elif scalars := _SCALAR_LIST.search(body):
        parts = (part.strip(" \n\t\"'") for part in scalars[1].split(","))
        yield from ({"id": part} for part in parts if part)
    elif "{" not in body and (lines := list(_ID_LINE.finditer(body))):
        yield from (line.groupdict() for line in lines)
    elif _ONLY_IDS.fullmatch(body):
        yield from ({"id": part} for part in re.findall(r"\d+", body))


def _value(found: re.Match[str]) -> str:
    return next(
        found[kind] for kind in ("double", "single", "plain") if found[kind] is not None
    ).strip(" \"'")


def _is_ours(item: Citation) -> bool:
    """Tell our format, which other JSON hardly has: ``{"id"}`` alone, or with a reason or price."""
    names_something = "id" in item or "name" in item
    return set(item) == {"id"} or (names_something and bool(_TELLING & set(item)))
