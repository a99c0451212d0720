"""Match the items that a model cites in its data with the items on offer. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from typing import Literal

from ...catalog import CatalogItem, Period
from .citations import Citation, cited_items
from .mentions import which
from .money import money_in
from .names import Names
from .prices import ungrounded_price
from .words import fold, words_of

Result = Literal["accepted", "not_offered", "duplicate", "mismatch"]


class Resolver:
    """Resolves citations and keeps count of what came of them.

    :param names: of the items on offer
    :param period: for whose total an item may be cited
    """

    def __init__(self, names: Names, period: Period | None = None) -> None:
        self._names = names
        self._period = period
        self._known = {str(item.id): item for product in names.products for item in product.items}
        #: How many citations were not offered, duplicates or mismatches.
        self.results: Counter[str] = Counter()
        #: What was cited by a name, or at a price, that is not offered.
        self.ungrounded: list[str] = []

    def resolve(self, blocks: Sequence[str]) -> Iterator[CatalogItem]:
        """Yield each offered item that the blocks cite, once."""
        seen: set[str] = set()
        for citation in (item for block in blocks for item in cited_items(block)):
            item, result = self.find(citation)
            if item is None:
                self.results[result] += 1
                self.ungrounded += [name for name in _name(citation) if not self._names.named(name)]
            elif str(item.id) in seen:
                self.results["duplicate"] += 1
            else:
                seen.add(str(item.id))
                self.ungrounded += _wrong_price(item, citation, self._period)
                yield item

    def find(self, citation: Citation) -> tuple[CatalogItem | None, Result]:
        """Return the item that a citation means, and what comes of it.

        An id counts before a name, unless the name is plainly another thing's.
        """
        name = next(iter(_name(citation)), "")
        product = self._names.named(name) if name else None
        item = self._by_id(citation)
        if item is not None:
            other = product and item not in product.items
            if other or (product is None and _is_other_thing(name, item, self._names.common)):
                return None, "mismatch"
            return item, "accepted"
        if product is None and isinstance(citation.get("id"), str):
            product = self._names.named(citation["id"])
        if product is None:
            return None, "not_offered"
        return which(product.items, _price(citation)), "accepted"

    def _by_id(self, citation: Citation) -> CatalogItem | None:
        key = _key(citation.get("id", ""))
        bare = re.sub(r"^(?:(?:id|item|listing)[\s:#=-]*|[\s:#=]+)", "", key)  # -17 is not 17
        return self._known.get(key) or self._known.get(bare)


def _key(value: object) -> str:
    """Return an id as it is compared: 17, "17" and 17.0 are one, and so are "K2" and "k2"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().casefold()


def _name(citation: Citation) -> list[str]:
    name = citation.get("name")
    return [name.strip()[:100]] if isinstance(name, str) and name.strip() else []


def _price(citation: Citation) -> str:
    """Return the cited price as people write it."""
    price = str(citation.get("price", "")).strip()
    return f"${price}" if price[:1].isdigit() else price


def _wrong_price(item: CatalogItem, citation: Citation, period: Period | None) -> list[str]:
    price = _price(citation)
    money = next(money_in(price), None)
    if money is None or not ungrounded_price(item, money, price, period):
        return []
    return [f"{item.name} at {price[money.start : money.end]}"]


def _is_other_thing(name: str, item: CatalogItem, common: Set[str]) -> bool:
    """Tell whether a name has nothing of an item's name, and is more than a description."""
    words = [word.text for word in words_of(name)]
    telling = {word for word in words if word not in common}
    known = " ".join([item.name, item.category or "", item.description])
    own = {word.text for word in words_of(fold(known))}
    if not own & telling:
        return bool(telling) and (len(telling) > 1 or len(words) == 1)
    # Another model of another maker may be of the same kind: "Yamaha YAS-280 Alto Saxophone".
    maker = {word.text for word in words_of(fold(item.brand or item.name.partition(" ")[0]))}
    return not maker & {*words} and any(word.isdigit() and word not in own for word in words)
