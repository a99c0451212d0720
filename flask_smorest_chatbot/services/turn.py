"""A turn: one question of a user and the answer to it, from the database to the model and back.

Order: store the question and a pending answer, end the transaction; read the history and ask the
host's loaders, end the transaction; let the model talk, holding nothing; store how it ended.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from ..catalog import CatalogItem
from ..errors import (
    DatabaseAwayError,
    ModelError,
    QueueFullError,
    ServerStoppingError,
    SessionClearedError,
    TurnError,
    without_text,
)
from ..metrics import (
    CACHED_TOKENS,
    FIRST_TOKEN_SECONDS,
    IN_FLIGHT,
    MODEL_ERRORS,
    MODEL_SECONDS,
    RECOMMENDATIONS,
    TOKENS,
    TURN_SECONDS,
    TURNS,
)
from ..models import MODEL_NAME_LENGTH
from ..text import is_blank
from ..values import TurnPlan, as_plain_json
from .admission import Place, wait_in_line
from .briefing import Briefing, brief
from .catalogue.catalog_search import refusal, reread
from .catalogue.offers import money, offer
from .events import TICK, Delta, Done, Event, Failed, Recommended, Started, Waiting, chat_response
from .host import TurnServices
from .model.attempt import Usage
from .model.generation import Generation
from .model.servers import check_any_is_asked
from .prompts import PromptMessage
from .reading.links import LinkFilter, host_of
from .running import RunningTurn
from .storage.open_turn import OpenTurn
from .storage.tables import DATABASE_AWAY
from .tokens import estimate_tokens

if TYPE_CHECKING:
    from .reading.recommendations import Grounded

log = logging.getLogger(__name__)


@dataclass
class Turn:
    """One turn. Iterate :meth:`events` once; call :meth:`abandon` when nobody listens any more."""

    services: TurnServices
    plan: TurnPlan
    opened: OpenTurn
    #: Under which name the client reached the site.
    own_host: str = ""
    #: What the request is called, in the log here and at the model server.
    request_id: str = ""
    _running: RunningTurn = field(init=False)
    _written: str = field(default="", init=False)
    _settled: bool = field(default=False, init=False)
    _place: Place | None = field(default=None, init=False)
    _briefing: Briefing | None = field(default=None, init=False)
    _generation: Generation | None = field(default=None, init=False)
    _results: Counter[str] = field(default_factory=Counter, init=False)
    _outdated: list[str] = field(default_factory=list, init=False)
    _used: Counter[str] = field(default_factory=Counter, init=False)
    _times: dict[str, float] = field(default_factory=dict, init=False)
    _charged: bool = field(default=False, init=False)
    _strange_links: Sequence[str] = field(default=(), init=False)
    _began: float = field(default_factory=time.monotonic, init=False)

    def __post_init__(self) -> None:
        self._running = RunningTurn(self.opened)

    @property
    def answer_id(self) -> int:
        """Key of the assistant's message."""
        return self.opened.answer_id

    @property
    def seen(self) -> int:
        """Characters that the client has already: none of a new answer."""
        return 0

    @property
    def _text(self) -> str:
        """The clean prose so far."""
        return self._running.text

    def line_up(self) -> None:
        """Take a place at the model or in the line for it; :meth:`events` does so otherwise.

        :raises QueueFullError: when there is none; the turn is stored as failed
        """
        if self._place is None:
            try:
                self._place = self.services.admission.enter(str(self.opened.user_id))
            except QueueFullError as error:
                self._end_badly("failed", error.reason)
                raise

    def events(self) -> Generator[Event, None, None]:
        """Yield what happens, ending with :class:`Done` or :class:`Failed`.

        Closing the iterator early stores the turn as interrupted and stops the model.
        """
        with IN_FLIGHT.track_inprogress(), self.services.running.track(self._running):
            yield from self._events()

    def _events(self) -> Iterator[Event]:
        opened, model = self.opened, self.services.chat_model.name
        try:
            self.line_up()
            yield Started(opened.session_id, opened.answer_id, model)
            check_any_is_asked(self.services.chat_model.servers())
            try:
                yield from self._wait_in_line()
                self._briefing = yield from self.services.patiently(
                    lambda: brief(self.services, self.plan, self.opened)
                )
                yield from self._answer(self._briefing)
            except _StoppedError:
                yield from self._end_stopped()
        except DATABASE_AWAY as error:
            log.error("turn %s: the database failed: %s", self.answer_id, type(error).__name__)
            away = DatabaseAwayError()
            self._end_badly("failed", away.reason)
            yield Failed(away)
        except TurnError as error:
            # The cause's own text may quote what the user said.
            cause = type(error.__cause__).__name__ if error.__cause__ else "no cause"
            log.warning("turn %s failed: %s (%s)", self.opened.answer_id, error.reason, cause)
            if isinstance(error, ModelError):
                MODEL_ERRORS.labels(error.reason).inc()
            was_cut = isinstance(error, ServerStoppingError | _GivenUpError)
            self._end_badly("interrupted" if was_cut else "failed", error.reason)
            yield Failed(error)
        except Exception as error:
            log.error("turn %s failed: %s", self.opened.answer_id, without_text(error))
            fault = TurnError("Something went wrong on our side: try again.", "internal_error")
            self._end_badly("failed", fault.reason)
            yield Failed(fault)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Store the turn as interrupted unless it has ended otherwise."""
        self._end_badly("interrupted", "client_left")

    def nudge(self) -> None:
        """Let :meth:`events` go on at once if it waits for the model; from any thread."""
        if self._generation is not None:
            self._generation.nudge()

    # -- before the model is asked -------------------------------------------------------------

    def _wait_in_line(self) -> Iterator[Event]:
        place = self._place
        if place is None or place.is_admitted:
            return
        note = self.services.conversations.note_status
        yield from self.services.patiently(lambda: note(self.opened, "queued"))
        deadline = self._began + self.services.config.turn_timeout
        for event in wait_in_line(place, deadline, TICK):
            yield event
            self._keep_alive()
        self._times["queue_ms"] = self._so_far()
        yield from self.services.patiently(lambda: note(self.opened, "streaming"))

    def _give_way(self) -> None:
        """Let the next turn ask the model."""
        if self._place is not None:
            self.services.admission.leave(self._place)

    # -- while the model talks -----------------------------------------------------------------

    def _answer(self, briefing: Briefing) -> Iterator[Event]:
        deadline = self._began + self.services.config.turn_timeout
        servers = self.services.chat_model.servers(self.opened.session_key)
        config, request_id = self.services.config, self.request_id
        generation = Generation(servers, briefing.prompt, config, request_id=request_id)
        self._generation = generation
        yield Waiting()  # its client may have left meanwhile, and then nobody is asked
        # Here, as starting an app must not wait for what only reads answers.
        from .reading.prose import ProseFilter
        from .reading.recommendations import offers

        prose, links = ProseFilter(offers(briefing.told)), LinkFilter(self._known_hosts(briefing))
        self._strange_links = links.removed
        try:
            with closing(generation.pieces(deadline)) as pieces:
                for piece in pieces:
                    if piece is None:
                        yield Waiting()
                    else:
                        self._written += piece
                        yield from self._say(links.feed(prose.feed(piece)))
                    self._keep_alive()
        finally:
            self._note_tokens(generation, briefing.prompt, self._written)
        yield from self._say(links.feed(prose.finish()) + links.finish())
        yield from self._recommend(briefing, prose.blocks, deadline, generation)

    def _known_hosts(self, briefing: Briefing) -> set[str]:
        """Return the hosts that the answer may link to."""
        urls = [*(item.url for item in briefing.told), *(fact.url for fact in briefing.facts)]
        linked = filter(None, map(host_of, urls))
        return {self.own_host, *self.services.config.link_hosts, *linked}

    def _recommend(
        self, briefing: Briefing, blocks: Sequence[str], deadline: float, generation: Generation
    ) -> Iterator[Event]:
        """Derive what the answer recommends, read it anew, and finish."""
        from .reading.recommendations import ground

        limit = self.services.config.max_recommendations
        grounded = ground(
            self._text, blocks, briefing.told, limit, briefing.brands, briefing.query.period
        )
        ids: list[int | str] = [item.id for item in grounded.items]
        if not (grounded.named or grounded.cited):  # then the answer is about what was asked about
            ids = list(briefing.query.item_ids)[:limit]
        chosen = yield from self._as_of_now(briefing, ids)
        if not chosen and self.plan.must_recommend and briefing.candidates:
            ids = yield from self._choose(briefing, deadline, generation.retries)
            chosen = yield from self._as_of_now(briefing, ids)
        if is_blank(self._text) and not chosen:
            raise ModelError("The model gave an empty answer: try again.", "empty_answer")
        # What was accepted has been read anew since: it counts by what came of that.
        self._count({word: n for word, n in grounded.results.items() if word != "accepted"})
        yield from self._finish(briefing, chosen, grounded, generation)

    def _as_of_now(
        self, briefing: Briefing, ids: Sequence[int | str]
    ) -> Generator[Event, None, list[CatalogItem]]:
        """Return the items of ``ids`` that can still be had: the answer may have taken minutes."""
        before = {str(item.id): refusal(item, briefing.query) for item in briefing.told}
        never = Counter(filter(None, (before.get(str(key)) for key in ids)))
        self._count(never)
        ids = [key for key in ids if before.get(str(key)) is None]
        if not ids:
            return []
        items = yield from self.services.patiently(lambda: self._reread(briefing, ids))
        refusals = [refusal(item, briefing.query) for item in items]
        refused = Counter(word for word in refusals if word is not None)
        self._count({**refused, "gone": len(ids) - len(items)})
        kept = [item for item, word in zip(items, refusals, strict=True) if word is None]
        self._count({"recommended": len(kept)})
        self._outdated += _outdated(briefing.told, ids, kept)
        return kept

    def _reread(self, briefing: Briefing, ids: Sequence[int | str]) -> Sequence[CatalogItem]:
        """Return items as they are now, without those that have become another thing."""
        told = {str(item.id): item.name for item in briefing.told}
        with self.services.conversations.transaction():
            items = reread(self.services, briefing.query, ids)
        return [item for item in items if told.get(str(item.id), item.name) == item.name]

    def _count(self, results: Mapping[str, int]) -> None:
        for result, count in results.items():
            if count:
                self._results[result] += count
                RECOMMENDATIONS.labels(result).inc(count)

    def _say(self, text: str) -> Iterator[Event]:
        if text:
            if not self._text:
                self._times["first_token_ms"] = self._so_far()
                FIRST_TOKEN_SECONDS.observe(self._times["first_token_ms"] / 1000)
            self._running.text += text
            yield Delta(text)

    def _keep_alive(self) -> None:
        """Let the text so far be stored; stop when the turn is no longer ours."""
        self.services.running.beat()
        if self.services.running.is_over:
            raise ServerStoppingError()
        if not self._running.is_ours:
            raise self._why_gone()

    def _why_gone(self) -> Exception:
        match self._status():
            case "stopped":
                return _StoppedError()
            case "interrupted":
                return _GivenUpError()
        return SessionClearedError()

    def _status(self) -> str | None:
        """Return how the answer is stored now; None if it is not there any more."""
        return self.services.conversations.save_progress([self.opened], {})[self.answer_id]

    def _choose(
        self, briefing: Briefing, deadline: float, retries: int
    ) -> Generator[Event, None, list[int | str]]:
        """Let the model choose among the candidates under a schema that allows nothing else.

        The prompt only grows at its end, so the model server evaluates no more than the addition.
        A model that cannot be held to a schema and names none leaves the one that fits best.

        :param retries: of those that a turn has, what the answer has left
        """
        from .reading.recommendations import ground, selection_schema

        limit = min(3, self.services.config.max_recommendations)
        schema = selection_schema(briefing.candidates, limit)
        ask = "Now give only the ids of the items that fit me best, as JSON."
        prompt = [*briefing.prompt, ("ai", self._written), ("human", ask)]
        servers = self.services.chat_model.servers(self.opened.session_key)
        # Ollama can be held to the schema; of others only the text is asked, and checked as ever.
        options = {"format": schema} if hasattr(servers[0].chat_model, "format") else {}
        generation = self._generation = Generation(
            servers, prompt, self.services.config, options, self.request_id, retries
        )
        chosen = ""
        try:
            with closing(generation.pieces(deadline)) as pieces:
                for piece in pieces:
                    chosen += piece or ""
                    self._keep_alive()
                    yield Waiting()
        except ModelError as error:  # the answer itself stands
            log.warning("turn %s: no choice was made: %s", self.opened.answer_id, error.reason)
            return []
        finally:
            self._note_tokens(generation, prompt, chosen)
        grounded = ground("", [chosen], briefing.candidates, limit)
        best = grounded.items or briefing.candidates[:1]
        return [item.id for item in best]

    # -- after the model -----------------------------------------------------------------------

    def _finish(
        self,
        briefing: Briefing,
        chosen: Sequence[CatalogItem],
        grounded: Grounded,
        generation: Generation,
    ) -> Iterator[Event]:
        recommendations = [as_plain_json(offer(item, briefing.query)) for item in chosen]
        dropped = sum(count for word, count in self._results.items() if word != "recommended")
        told = {
            **briefing.as_context(),
            "ungrounded": list(
                dict.fromkeys([*grounded.ungrounded, *self._strange_links, *self._outdated])
            ),
            "dropped_recommendations": dropped,
            "named": grounded.named,
            "truncated": generation.usage.is_truncated,
        }
        stored = yield from self.services.patiently(
            lambda: self._settle(
                status="complete",
                **self._stored(recommendations, told),
                input_tokens=generation.usage.input_tokens,
                output_tokens=generation.usage.output_tokens,
            )
        )
        # It may have been, by an attempt whose confirmation the database did not live to send.
        if not stored and self._status() != "complete":
            raise self._why_gone()
        yield Recommended(recommendations)
        yield Done(self._response("complete", recommendations, told))

    def _stored(
        self, recommendations: Sequence[Mapping[str, Any]], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the columns that tell what an answer was based on."""
        told = {"recommendations": recommendations, "context": context}
        return {
            "context_data": {"endpoint": self.opened.endpoint, **told},
            "model": self.services.chat_model.name[:MODEL_NAME_LENGTH],
        }

    def _response(
        self, status: str, recommendations: Sequence[Mapping[str, Any]], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        return chat_response(
            session_id=self.opened.session_id,
            message_id=self.opened.answer_id,
            question=self.plan.message,
            text=self._text,
            recommendations=recommendations,
            context=context,
            created_at=self.opened.created_at,
            status=status,
        )

    def _end_stopped(self) -> Iterator[Event]:
        """End with what was said so far: somebody has stored the turn as stopped."""
        context = self._briefing.as_context() if self._briefing else {}
        values = {"reason": "stopped", **self._stored([], context)}
        yield from self.services.patiently(lambda: self._settle(status="stopped", **values))
        yield Recommended([])
        yield Done(self._response("stopped", [], context))

    def _note_tokens(
        self, generation: Generation, prompt: Sequence[PromptMessage], text: str
    ) -> None:
        """Note what a generation cost; what the server did not say, as it does at the end only, is
        estimated from what was sent and said."""
        usage = generation.usage
        if usage.input_tokens is None and not text and not generation.was_at_work:
            return
        sent = sum(estimate_tokens(content) for _, content in prompt)
        self._used["input"] += sent if usage.input_tokens is None else usage.input_tokens
        said = estimate_tokens(text) if text else 0
        self._used["output"] += said if usage.output_tokens is None else usage.output_tokens
        for phase, seconds in usage.seconds.items():
            told = f"{phase}_ms"
            self._times[told] = self._times.get(told, 0) + seconds * 1000
        _count_usage(usage)

    def _charge(self) -> None:
        """Count the turn for its user, once, cleared meanwhile or not."""
        if self._charged:
            return
        self._charged = True
        used, services = self._used, self.services
        try:
            services.usage.charge(
                self.opened.user_id, services.today, used["input"], used["output"]
            )
        except SQLAlchemyError as error:
            told = without_text(error)
            log.error("turn %s could not be counted: %s", self.opened.answer_id, told)

    def _end_badly(self, status: str, reason: str) -> None:
        """Store a bad end. If even that fails, the claim runs out and the next read settles it."""
        try:
            self._settle(status=status, reason=reason)
        except SQLAlchemyError as error:
            told = without_text(error)
            log.error("turn %s was not stored as %s: %s", self.answer_id, status, told)
            self._settled = True
            self._charge()  # this may go through, as when it was only a lock

    def _settle(self, **values: Any) -> bool:
        """Store how the turn ended, once. The model is done with it."""
        self._give_way()
        if self._settled:
            return False
        took_ms = self._so_far()
        answer = {
            **values,
            "content": self._text,
            "model_content": self._written or None,
            "duration_ms": round(took_ms),
        }
        changes = {}
        if self._briefing:
            answer["prompt"] = self._briefing.prompt[-1][1]
            told = values.get("context_data", {"endpoint": self.opened.endpoint})
            answer["context_data"] = {**told, "profile": self._briefing.profile}
            changes = self._briefing.session_changes
        stored = self.services.conversations.settle(self.opened, answer, changes)
        self._charge()
        if not stored:
            return False
        self._settled = True
        TURNS.labels(values["status"]).inc()
        TURN_SECONDS.observe(took_ms / 1000)
        self._log(values, took_ms)
        return True

    def _log(self, ended: Mapping[str, Any], took_ms: float) -> None:
        """Log how the turn ended and what it cost; a host's formatter may show the ``fields``."""
        if not log.isEnabledFor(logging.INFO):
            return
        named = {"request_id": self.request_id} if self.request_id else {}
        fields = {
            **named,
            "turn": self.answer_id,
            "outcome": ended["status"],
            "reason": ended.get("reason"),
            "input_tokens": self._used["input"],
            "output_tokens": self._used["output"],
            **{name: round(time, 1) for name, time in self._times.items()},
            "duration_ms": round(took_ms, 1),
        }
        if self.services.config.log_texts:
            fields |= {"question": self.plan.message, "answer": self._text}
        log.info("turn", extra={"fields": fields})

    def _so_far(self) -> float:
        """Return the milliseconds since the question."""
        return (time.monotonic() - self._began) * 1000


def _count_usage(usage: Usage) -> None:
    TOKENS.labels("input").inc(usage.input_tokens or 0)
    TOKENS.labels("output").inc(usage.output_tokens or 0)
    CACHED_TOKENS.inc(usage.cached_tokens or 0)
    for phase, seconds in usage.seconds.items():
        MODEL_SECONDS.labels(phase).inc(seconds)


def _outdated(
    told: Sequence[CatalogItem], ids: Sequence[int | str], kept: Sequence[CatalogItem]
) -> list[str]:
    """Return what the answer recommends as it was told, and that is so no more."""
    now = {str(item.id): item for item in kept}
    then = {str(item.id): item for item in told}
    chosen = [(then[key], now.get(key)) for key in map(str, ids) if key in then]
    return [
        f"{old.name} at {money(old.amount, old.currency)}" if new and old.amount else old.name
        for old, new in chosen
        if new is None or old.amount != new.amount
    ]


class _StoppedError(Exception):
    """The user has stopped the turn, here or through another worker."""


class _GivenUpError(ModelError):
    """The claim ran out while the database was away, so that others took this worker for dead."""

    def __init__(self) -> None:
        super().__init__("The answer broke off: retry it.", "worker_lost")
