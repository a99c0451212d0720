"""Find what an answer names, prices or links although the catalogue did not offer it so. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...catalog import CatalogItem, Period
from .mentions import Mention
from .names import Names
from .prices import untrue_prices

_LINK = re.compile(
    r"\]\(\s{0,3}<?([^\s)>]{1,500})|(?<!\]\()((?:https?://|www\.)[^\s)>\]\"'*]{1,500})"
)
_MOST = 10


def ungrounded_claims(
    text: str,
    names: Names,
    mentions: Sequence[Mention],
    unoffered: Sequence[tuple[int, int]],
    period: Period | None = None,
) -> list[str]:
    """Return what is not offered, or not so, of all that an answer names, prices and links.

    :param names: of the items on offer
    :param mentions: of these in the text
    :param unoffered: from :func:`.unoffered_products`, without those that the text denies
    :param period: whose totals are told as well
    """
    items = [item for product in names.products for item in product.items]
    products = (text[start:end].rstrip(".'\u2019-") for start, end in unoffered)
    return [*products, *untrue_prices(text, mentions, period), *_links(text, mentions, items)][
        :_MOST
    ]


def _links(text: str, mentions: Sequence[Mention], items: Sequence[CatalogItem]) -> Iterator[str]:
    """Yield the links to what is no offered item's page, or another's than the link's text says."""
    offered = {_page(item.url) for item in items if item.url}
    named = {mention.end: mention.item for mention in mentions if not mention.by_id}
    for found in _LINK.finditer(text):
        link = (found[1] or found[2]).rstrip(".,;:!?")
        end = found.start()
        while end and text[end - 1] in "*_`":
            end -= 1
        item = named.get(end)
        if _page(link) not in offered or (item and item.url and _page(link) != _page(item.url)):
            yield link


def _page(url: str) -> str:
    """Return a link without query and fragment."""
    return re.split(r"[?#]", url, maxsplit=1)[0].rstrip("/")
