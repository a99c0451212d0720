"""Gather what one turn needs to know before the model is asked, and lay out its prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..catalog import CatalogItem, CatalogQuery, CatalogResult, Fact
from ..errors import SessionClearedError
from ..profile import UserProfile
from ..values import TurnPlan, as_plain_json
from . import history, prompts
from .catalogue import notes
from .catalogue.catalog_search import earlier_turn, find, refusal
from .host import TurnServices, from_host
from .query import Earlier
from .storage.turn_records import OpenTurn


@dataclass(frozen=True)
class Briefing:
    """What the host's loaders and the history gave for one turn.

    :param query: what was understood of the question
    :param found: what the catalogue has for it
    :param facts: what else the host knows that answers it
    :param prompt: what the model is sent
    :param brands: makers that the catalogue knows, offered now or not
    """

    query: CatalogQuery
    found: CatalogResult
    facts: Sequence[Fact]
    prompt: list[prompts.PromptMessage]
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
    """
    conversations = services.conversations
    with conversations.transaction():
        profile = _profile(services, opened)
        session = _session(services, opened, profile)
        exchanges = conversations.load_exchanges(
            opened, session.context_start_id, history.MOST_MESSAGES
        )
        text = plan.message if plan.search is None else plan.search
        # Who asks for what fits them does not go on with what they asked before.
        earlier = _earlier(exchanges) if text else None
        vocabulary = from_host("vocabulary", services.load_vocabulary)
        query, found = find(services, vocabulary, text, profile, opened.user_id, earlier)
        facts = from_host("facts", lambda: list(services.load_facts(query)))
        asked = prompts.user_text(
            plan.message,
            found.items,
            notes=notes.notes(query, found, facts),
            instructions=plan.instructions,
            period=query.period,
        )
        prompt = _prompt(services, opened, session, exchanges, asked)
        return Briefing(query, found, facts, prompt, vocabulary.brands)


def _profile(services: TurnServices, opened: OpenTurn) -> UserProfile:
    # Loaded anew: the request that began the turn may have ended its database session.
    user = services.conversations.find(services.user_model, opened.user_id)
    if user is None:
        raise SessionClearedError()
    return from_host("profile", lambda: services.load_profile(user))


def _session(services: TurnServices, opened: OpenTurn, profile: UserProfile) -> Any:
    """Load the session; its first turn keeps the profile for the front of all its prompts."""
    session = services.conversations.find(services.conversations.sessions, opened.session_key)
    if session is None:
        raise SessionClearedError()
    if session.profile is None:
        session.profile = as_plain_json(profile.as_json())
    return session


def _earlier(exchanges: Sequence[Any]) -> Earlier | None:
    answers = [message for message in exchanges if message.message_type == "assistant"]
    return earlier_turn([message.context_data for message in answers])


def _prompt(
    services: TurnServices, opened: OpenTurn, session: Any, exchanges: Sequence[Any], asked: str
) -> list[prompts.PromptMessage]:
    config = services.config
    system = prompts.system_text(services.persona, session.profile)
    taken = prompts.estimate_tokens(system) + prompts.estimate_tokens(asked)
    kept = history.fit_exchanges(exchanges, config.num_ctx - config.num_predict - taken)
    if len(kept) < len(exchanges):
        session.context_start_id = kept[0].id if kept else opened.question_id
    told = [(message.message_type, history.model_text(message)) for message in kept]
    return prompts.prompt(system, told, asked)
