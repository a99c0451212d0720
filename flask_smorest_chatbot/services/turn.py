"""A turn: one question of a user and the answer to it, from the database to the model and back.

Order: store the question and a pending answer, end the transaction; read the history and ask the
host's loaders, end the transaction; let the model talk, holding nothing; store how it ended.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from ..config import ChatbotConfig
from ..errors import ChatbotError, LoaderError, ModelError, SessionClearedError, TurnError
from ..models import MODEL_NAME_LENGTH
from ..values import CatalogItem, CatalogQuery, Recommendation, TurnPlan, UserProfile
from . import history, prompts
from .chat_model import LazyChatModel
from .conversations import CLAIM_RENEWAL, Conversations, OpenTurn
from .generation import Generation
from .prose import ProseFilter
from .recommendations import ground, selection_schema

log = logging.getLogger(__name__)

#: Seconds between two stores of the text so far.
SAVE_INTERVAL = 1.0


@dataclass(frozen=True)
class Started:
    """The question is stored; the model is being asked."""

    session_id: str
    message_id: int
    model: str


@dataclass(frozen=True)
class Delta:
    """The next piece of clean prose."""

    content: str


@dataclass(frozen=True)
class Waiting:
    """Nothing new; a moment to look after the client's connection."""


@dataclass(frozen=True)
class Recommended:
    """What the answer recommends."""

    recommendations: list[dict[str, Any]]


@dataclass(frozen=True)
class Done:
    """The whole answer, stored."""

    response: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """The turn broke; what was said so far is stored."""

    error: TurnError


Event = Started | Delta | Waiting | Recommended | Done | Failed


@dataclass(frozen=True)
class TurnServices:
    """What a turn works with, for one app.

    :param user_model: the host's mapped user class
    :param load_profile: the host's profile of a user
    :param load_catalog: the host's catalogue, asked for candidates
    :param persona: the host's words on who the assistant is
    """

    config: ChatbotConfig
    user_model: type[Any]
    chat_model: LazyChatModel
    conversations: Conversations
    load_profile: Callable[[Any], UserProfile]
    load_catalog: Callable[[CatalogQuery], Sequence[CatalogItem]]
    persona: str


@dataclass
class _Context:
    """What the host's loaders and the history gave for one turn."""

    profile: UserProfile
    candidates: list[CatalogItem]
    prompt: list[prompts.PromptMessage]

    def for_client(self) -> dict[str, Any]:
        return {
            "user_profile": self.profile.as_json(),
            "experience_level": self.profile.experience_level,
            "preferred_instruments": list(self.profile.preferred_instruments),
        }


@dataclass
class Turn:
    """One turn. Iterate :meth:`events` once; call :meth:`abandon` when nobody listens any more."""

    services: TurnServices
    plan: TurnPlan
    opened: OpenTurn
    _text: str = field(default="", init=False)
    _written: str = field(default="", init=False)
    _settled: bool = field(default=False, init=False)
    _context: _Context | None = field(default=None, init=False)
    _began: float = field(default_factory=time.monotonic, init=False)

    def events(self) -> Generator[Event, None, None]:
        """Yield what happens, ending with :class:`Done` or :class:`Failed`.

        Closing the iterator early stores the turn as interrupted and stops the model.
        """
        opened, model = self.opened, self.services.chat_model.name
        try:
            yield Started(opened.session_id, opened.answer_id, model)
            self._context = self._gather()
            yield from self._answer(self._context)
        except TurnError as error:
            # The cause's own text may quote what the user said.
            cause = type(error.__cause__).__name__ if error.__cause__ else "no cause"
            log.warning("turn %s failed: %s (%s)", self.opened.answer_id, error.reason, cause)
            self._end_badly("failed", error.reason)
            yield Failed(error)
        except Exception:
            log.exception("turn %s failed", self.opened.answer_id)
            fault = TurnError("Something went wrong on our side: try again.", "internal_error")
            self._end_badly("failed", fault.reason)
            yield Failed(fault)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Store the turn as interrupted unless it has ended otherwise."""
        self._end_badly("interrupted", "client_left")

    # -- before the model ----------------------------------------------------------------------

    def _gather(self) -> _Context:
        """Read all that the prompt needs, in one transaction that ends here."""
        services = self.services
        with services.conversations.transaction():
            profile = _from_host("profile", services.load_profile, self._user())
            offered = _from_host("catalogue", services.load_catalog, self._query(profile))
            candidates = list(offered)[: services.config.catalog_limit]
            return _Context(profile, candidates, self._prompt(profile, candidates))

    def _user(self) -> Any:
        """Load the user anew: the request that began the turn may have ended its session."""
        user = self.services.conversations.find(self.services.user_model, self.opened.user_id)
        if user is None:
            raise SessionClearedError()
        return user

    def _query(self, profile: UserProfile) -> CatalogQuery:
        return CatalogQuery(
            text=self.plan.message,
            words=content_words(self.plan.message),
            profile=profile,
            user_id=self.opened.user_id,
            limit=self.services.config.catalog_limit,
        )

    def _prompt(
        self, profile: UserProfile, candidates: Sequence[CatalogItem]
    ) -> list[prompts.PromptMessage]:
        conversations, config = self.services.conversations, self.services.config
        session = conversations.find(conversations.sessions, self.opened.session_key)
        if session is None:
            raise SessionClearedError()
        if session.profile is None:
            session.profile = _as_json(profile.as_json())
        system = prompts.system_text(self.services.persona, session.profile)
        asked = prompts.user_text(self.plan.message, candidates, self.plan.instructions)
        exchanges = conversations.load_exchanges(
            self.opened, session.context_start_id, history.MOST_MESSAGES
        )
        taken = prompts.estimate_tokens(system) + prompts.estimate_tokens(asked)
        kept = history.fit_exchanges(exchanges, config.num_ctx - config.num_predict - taken)
        if len(kept) < len(exchanges):
            session.context_start_id = kept[0].id if kept else self.opened.question_id
        told = [(message.message_type, history.model_text(message)) for message in kept]
        return prompts.prompt(system, told, asked)

    # -- while the model talks -----------------------------------------------------------------

    def _answer(self, context: _Context) -> Iterator[Event]:
        deadline = self._began + self.services.config.turn_timeout
        generation = Generation(
            self.services.chat_model.get(), context.prompt, self.services.config
        )
        prose = ProseFilter()
        saved = time.monotonic()
        with closing(generation.pieces(deadline)) as pieces:
            for piece in pieces:
                if piece is None:
                    yield Waiting()
                else:
                    self._written += piece
                    yield from self._say(prose.feed(piece))
                saved = self._save_if_due(saved)
        yield from self._say(prose.finish())
        grounded = ground(
            self._text, prose.blocks, context.candidates, self.services.config.max_recommendations
        )
        recommended = grounded.recommendations
        if grounded.dropped:
            log.info("dropped %d recommendations that were not offered", grounded.dropped)
        if not recommended and self.plan.must_recommend and context.candidates:
            recommended = yield from self._choose(context, deadline)
        if not self._text and not recommended:
            raise ModelError("The model gave an empty answer: try again.", "empty_answer")
        yield from self._finish(context, recommended, grounded.dropped, generation)

    def _say(self, text: str) -> Iterator[Event]:
        if text:
            self._text += text
            yield Delta(text)

    def _save_if_due(self, saved: float) -> float:
        """Store the text so far now and then; stop when the turn is no longer ours."""
        waited = time.monotonic() - saved
        if waited < (SAVE_INTERVAL if self._text else CLAIM_RENEWAL.total_seconds()):
            return saved
        try:
            ours = self.services.conversations.save_progress(self.opened, self._text)
        except SQLAlchemyError as error:  # it may pass before the answer is whole
            log.warning("turn %s not saved: %s", self.opened.answer_id, type(error).__name__)
            ours = True
        if not ours:
            raise SessionClearedError()
        return time.monotonic()

    def _choose(
        self, context: _Context, deadline: float
    ) -> Generator[Event, None, list[Recommendation]]:
        """Let the model choose among the candidates under a schema that allows nothing else.

        The prompt only grows at its end, so the model server evaluates no more than the addition.
        """
        limit = min(3, self.services.config.max_recommendations)
        schema = selection_schema(context.candidates, limit)
        ask = "Now give only the ids of the items that fit me best, as JSON."
        prompt = [*context.prompt, ("ai", self._written), ("human", ask)]
        model = self.services.chat_model.get()
        # Ollama can be held to the schema; of others only the text is asked, and checked as ever.
        options = {"format": schema} if hasattr(model, "format") else {}
        generation = Generation(model, prompt, self.services.config, options)
        chosen = ""
        saved = time.monotonic()
        try:
            with closing(generation.pieces(deadline)) as pieces:
                for piece in pieces:
                    chosen += piece or ""
                    saved = self._save_if_due(saved)
                    yield Waiting()
        except ModelError as error:  # the answer itself stands
            log.warning("turn %s: no choice was made: %s", self.opened.answer_id, error.reason)
        return ground("", [chosen], context.candidates, limit).recommendations

    # -- after the model -----------------------------------------------------------------------

    def _finish(
        self,
        context: _Context,
        recommended: Sequence[Recommendation],
        dropped: int,
        generation: Generation,
    ) -> Iterator[Event]:
        recommendations = [_as_json(item.as_json()) for item in recommended]
        told = {**_as_json(context.for_client()), "dropped_recommendations": dropped}
        stored = self._settle(
            status="complete",
            context_data={
                "endpoint": self.opened.endpoint,
                "recommendations": recommendations,
                "context": told,
            },
            model=self.services.chat_model.name[:MODEL_NAME_LENGTH],
            input_tokens=generation.usage.input_tokens,
            output_tokens=generation.usage.output_tokens,
        )
        if not stored:
            raise SessionClearedError()
        yield Recommended(recommendations)
        yield Done(
            {
                "session_id": self.opened.session_id,
                "user_message": self.plan.message,
                "assistant_response": self._text,
                "recommendations": recommendations,
                "context": told,
                "created_at": self.opened.created_at,
                "message_id": self.opened.answer_id,
            }
        )

    def _end_badly(self, status: str, reason: str) -> None:
        """Store a bad end. If even that fails, the claim runs out and the next read settles it."""
        try:
            self._settle(status=status, reason=reason)
        except SQLAlchemyError:
            log.exception("turn %s could not be stored as %s", self.opened.answer_id, status)
            self._settled = True

    def _settle(self, **values: Any) -> bool:
        """Store how the turn ended, once."""
        if self._settled:
            return False
        answer = {
            **values,
            "content": self._text,
            "model_content": self._written or None,
            "duration_ms": round((time.monotonic() - self._began) * 1000),
        }
        sent = self._context.prompt[-1][1] if self._context else None
        stored = self.services.conversations.settle(self.opened, answer, sent)
        self._settled = True
        return stored


def content_words(text: str) -> list[str]:
    """Return the words of a message that may name something, lower-case and without repeats."""
    words = re.findall(r"[\w'-]+", text.casefold())
    return list(dict.fromkeys(word for word in words if len(word) > 2 and word not in _STOP_WORDS))


_STOP_WORDS = frozenset(
    "the and for with that this have has what which who whom how can could would should will are "
    "was were you your yours mine our ours they them their its from into onto about want like need "
    "please show tell give find some any something anything there here not but than then too very "
    "also just more most less least get got rent rental renting hire hello thanks thank recommend "
    "suggest looking look good best first under over per day week month one two".split()
)


def _from_host(name: str, loader: Callable[[Any], Any], argument: Any) -> Any:
    try:
        return loader(argument)
    except ChatbotError:
        raise
    except Exception as error:
        log.exception("the host's %s loader raised", name)
        message = f"The site's {name} could not be read: try again."
        raise LoaderError(message, f"{name}_error") from error


def _as_json(value: Any) -> Any:
    """Return the value as plain JSON types; decimals and dates of the host become strings."""
    return json.loads(json.dumps(value, default=str))
