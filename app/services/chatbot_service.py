"""What the site tells the chat plugin: who the assistant is, who asks, what can be rented."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from flask_smorest_chatbot import (
    CatalogQuery,
    CatalogResult,
    ChatbotConfig,
    Fact,
    ModelStatus,
    TurnPlan,
    UserProfile,
    model_statuses,
)

from ..models import Survey, User

PERSONA = (
    "You are the assistant of a musical-instrument rental site. You know instruments well, you "
    "are friendly and honest, and you help people to find one that they can rent by the day. "
    "Renting itself happens on the page of a listing; you cannot book, change or cancel anything."
)
INSTRUMENT_QUESTION = (
    "The user has a question about instruments. Answer the question first, from what is generally "
    "known about instruments; mention an item only if it helps."
)
RECOMMENDATION = (
    "Recommend the one to three items that fit the user's profile best, and say why each fits."
)
RECOMMEND_MESSAGE = "Recommend instruments that fit my profile."

# Most that a day may cost, in US$, by the survey's answer; nobody minds paying less.
_BUDGET_MAX = {"0-25": Decimal(25), "25-50": Decimal(50), "50-100": Decimal(100), "100+": None}


def profile_of(user: User) -> UserProfile:
    """Describe a user by their newest survey; without one only the name is known."""
    survey = user.newest_survey
    if survey is None:
        return UserProfile(name=user.name)
    return UserProfile(
        name=user.name,
        experience_level=survey.experience_level,
        preferred_instruments=survey.preferred_instruments,
        location=survey.location,
        budget_max=_BUDGET_MAX.get(survey.budget_range or ""),
        details=_details(survey),
    )


def _details(survey: Survey) -> dict[str, object]:
    told = {
        "favorite_genres": survey.favorite_genres,
        "budget_range": survey.budget_range and f"{survey.budget_range} US$ a day",
        "rental_frequency": survey.rental_frequency,
        "use_case": survey.use_case,
        "additional_notes": survey.additional_notes,
    }
    return {name: value for name, value in told.items() if value}


def candidates_for(query: CatalogQuery) -> CatalogResult:
    """Return listings that can be rented when and for what the user asks, or why there are none."""
    from .candidates import find  # starting the site does not wait for what only turns need

    return find(query)


def facts_for(query: CatalogQuery) -> Sequence[Fact]:
    """Return what the user should know of their own rentals, if the message asks about them."""
    from .my_rentals import rental_facts

    return rental_facts(query)


def ask_instrument_question(_user: User, message: str) -> TurnPlan:
    """Ask a question about instruments

    Answered like a chat message, with the answer before any recommendation.
    """
    return TurnPlan(message=message, instructions=INSTRUMENT_QUESTION)


def recommend_for_me(_user: User, message: str) -> TurnPlan:
    """Get recommendations that fit the caller's survey

    `message` may be missing or empty; it can add a wish to what the survey says.
    """
    return TurnPlan(
        message=message.strip() or RECOMMEND_MESSAGE,
        instructions=RECOMMENDATION,
        must_recommend=True,
        search=message.strip(),
    )


def model_state(config: ChatbotConfig) -> str | dict[str, str]:
    """Say in a word what is known of the model, without loading it.

    :return: of several servers that differ, the word of each by its address
    """
    words = {where: _word(status) for where, status in model_statuses(config, timeout=1.0).items()}
    return words if len(set(words.values())) > 1 else next(iter(words.values()))


def _word(status: ModelStatus) -> str:
    if status.present:
        return "ok"
    if status.reachable is None:
        return "not checked"
    return "missing" if status.reachable else "unreachable"
