"""The tables of docs/configuration.md, from the code.

``python -m tests.docs.tables`` writes them anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from app.config import ConfigError, Settings
from flask_smorest_chatbot import ChatbotConfig

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "configuration.md"
HEAD = ["| key | default | unit | may be | why |", "|---|---|---|---|---|"]

KINDS = {"str": "any text", "int": "whole number", "float": "number"}


def chatbot_table() -> str:
    """Return the table of the plugin's keys."""
    return "\n".join([*HEAD, *(_chatbot_row(item) for item in fields(ChatbotConfig))])


def site_table() -> str:
    """Return the table of the site's settings."""
    return "\n".join([*HEAD, *(_site_row(item) for item in fields(Settings))])


TABLES: dict[str, Callable[[], str]] = {"chatbot keys": chatbot_table, "site keys": site_table}


def written_table(page: str, name: str) -> str:
    """Return the table that stands on the page between its two marks."""
    return _pattern(name).findall(page)[0][1]


def _chatbot_row(item: Field[Any]) -> str:
    low, high = item.metadata["low"], item.metadata["high"]
    may_be = KINDS[str(item.type)]
    if low is not None:
        may_be += f", {low} to {high}"
    return _row(f"CHATBOT_{item.name.upper()}", item, may_be)


def _site_row(item: Field[Any]) -> str:
    name = item.name.upper()
    try:
        item.metadata["parse"](name, "\\not a value\\")
    except ConfigError as error:
        # "Set PORT to a whole number from 1 to 9, not 'x'." says what the setting may be.
        may_be = re.sub(rf"^Set {name} to (.+?)(, not .*)?\.$", r"\1", error.message)
    else:
        may_be = "any text"
    return _row(name, item, may_be)


def _row(key: str, item: Field[Any], may_be: str) -> str:
    default = "not set" if item.default in (None, "") else f"`{item.default}`"
    cells = [f"`{key}`", default, item.metadata["unit"], may_be, item.metadata["why"]]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _pattern(name: str) -> re.Pattern[str]:
    begin, end = re.escape(f"<!-- {name} -->\n"), re.escape(f"\n<!-- end of {name} -->")
    return re.compile(f"({begin})(.*?)({end})", re.DOTALL)


def main() -> None:
    """Write the tables into the page."""
    page = PAGE.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        page = page.replace(written_table(page, name), table())
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
