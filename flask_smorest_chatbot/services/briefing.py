"""Gather what one turn needs to know before the model is asked, and lay out its prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..catalog import CatalogItem, CatalogQuery, CatalogResult, Fact
from ..errors import SessionClearedError
from ..values import TurnPlan, as_plain_json
from . import history, prompts, window
from .catalogue import notes
from .catalogue.catalog_search import earlier_turn, find, refusal
from .host import TurnServices, from_host
from .query import Earlier
from .query.money import asks_price
from .storage.open_turn import OpenTurn


@dataclass(frozen=True)
class Briefing:
    """What the host's loaders and the history gave for one turn.

    :param query: what was understood of the question
    :param found: what the catalogue has for it
    :param facts: what else the host knows that answers it
    :param prompt: what the model is sent
    :param profile: as the model is told it: that of the conversation's first turn
    :param session_changes: columns of the session's row to be stored when the turn ends
    :param brands: makers that the catalogue knows, offered now or not
    """

    query: CatalogQuery
    found: CatalogResult
    facts: Sequence[Fact]
    prompt: list[prompts.PromptMessage]
    profile: dict[str, Any]
    session_changes: dict[str, Any] = field(default_factory=dict)
    brands: Sequence[str] = ()

    @property
    def candidates(self) -> list[CatalogItem]:
        """What the model may choose from: none that cannot be had."""
        return [item for item in self.found.items if refusal(item, self.query) is None]

    @property
    def told(self) -> list[CatalogItem]:
        """All items that the model was told of."""
        return [*self.found.items, *self.found.nearest]

    def as_context(self) -> dict[str, Any]:
        """Return the answer's ``context``, as far as it is known before the answer."""
        profile = self.query.profile
        context = {
            "user_profile": profile.as_json(),
            "experience_level": profile.experience_level,
            "preferred_instruments": list(profile.preferred_instruments),
            "query": self.query.as_json(),
            "catalogue": {
                "outcome": self.found.outcome,
                "message": notes.catalogue_note(self.query, self.found) or None,
            },
            "assumptions": [
                *self.query.assumptions,
                *notes.other_currency(self.query, self.found.items),
                *(notes.assumptions(self.query) if self.found.items else []),
            ],
            "facts": [fact.as_json() for fact in self.facts],
        }
        plain: dict[str, Any] = as_plain_json(context)
        return plain


def brief(services: TurnServices, plan: TurnPlan, opened: OpenTurn) -> Briefing:
    """Read all that the turn needs, in one transaction that ends here.

    :raises SessionClearedError: when the session or the user is gone
    :raises LoaderError: when a loader of the host raises
    :raises PromptTooLongError: when the message does not fit into the model's window
    """
    conversations = services.conversations
    with conversations.transaction():
        read = conversations.load_conversation(services.user_model, opened, history.MOST_MESSAGES)
        if read is None:
            raise SessionClearedError()
        profile = from_host("profile", lambda: services.load_profile(read.user))
        text = plan.message if plan.search is None else plan.search
        # Who asks for what fits them does not go on with what they asked before.
        earlier = _earlier(read.exchanges) if text else None
        vocabulary = from_host("vocabulary", services.load_vocabulary)
        query, found = find(services, vocabulary, text, profile, opened.user_id, earlier)
        facts = from_host("facts", lambda: list(services.load_facts(query)))
        as_of_start = _profile_told(read.exchanges) or as_plain_json(profile.as_json())
        exchanges = history.exchanges_of(read.exchanges, services.chat_model.name)
        fitted = window.fit(
            window.room_for(services.config, plan),
            window.system_texts(services.persona, as_of_start),
            exchanges,
            partial(_user_text, plan, query),
            found.items,
            notes.notes(query, found, facts),
        )
        return Briefing(
            query,
            replace(found, items=found.items[: fitted.items]),
            facts,
            fitted.prompt,
            as_of_start,
            _new_start(exchanges, fitted.dropped, opened),
            vocabulary.brands,
        )


def _user_text(
    plan: TurnPlan,
    query: CatalogQuery,
    items: Sequence[CatalogItem],
    told: Sequence[str],
    earlier: Sequence[str],
) -> str:
    standing = [note for note in notes.understood(query) if prompts.still_stands(note, earlier)]
    taken_back = [note for note in notes.not_asked(query) if prompts.is_news(note, earlier)]
    return prompts.user_text(
        plan.message,
        items,
        notes=[*taken_back, *(note for note in told if note not in standing)],
        instructions=plan.instructions,
        period=query.period,
        earlier=earlier,
        is_price_asked=(
            len(standing) < len(notes.understood(query))
            or bool(query.item_ids)
            or asks_price(plan.message)
        ),
    )


def _new_start(
    exchanges: Sequence[history.Exchange], dropped: int, opened: OpenTurn
) -> dict[str, int]:
    """Return from which message on the model is shown the session, if that changes."""
    if not dropped:
        return {}
    rest = [*(exchange.question_id for exchange in exchanges), opened.question_id]
    return {"context_start_id": rest[dropped]}


def _profile_told(exchanges: Sequence[Any]) -> dict[str, Any] | None:
    """Return the profile that the model was told last: the front of a prompt must not change."""
    for message in reversed(exchanges):
        told: dict[str, Any] | None = (message.context_data or {}).get("profile")
        if told is not None:
            return told
    return None


def _earlier(exchanges: Sequence[Any]) -> Earlier | None:
    answers = [message for message in exchanges if message.message_type == "assistant"]
    return earlier_turn([message.context_data for message in answers])
