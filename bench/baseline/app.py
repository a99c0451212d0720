"""The original's design as an app: ``gunicorn -w 4 "bench.baseline.app:create_app()"``.

Rebuilt from what is known of it, with nothing made worse: for each question all that can be rented
is loaded, with a query a row; everything goes to the model as one text; the answer is sent when it
is whole; the list of sessions makes a query for each. It even profits from our tables' indexes.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask, current_app, jsonify, request
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required
from langchain_ollama import ChatOllama

from app.config import load_config
from app.extensions import db
from app.models import ChatMessage, Survey, User

from ..catalog import FIRST_ROWS, load_row_by_row

HISTORY = 10  # messages of the session that the model is shown

_PROMPT = """You are a helpful assistant of a musical instrument rental site.

User profile:
{profile}

Available instruments:
{instruments}

Conversation so far:
{history}

User: {message}

Answer the user. If you recommend instruments, add a JSON list of objects with name and reason.
Assistant:"""

bp = Blueprint("original", __name__)


def create_app(config: Mapping[str, object] | None = None) -> Flask:
    """Build the app; settings are the site's."""
    app = Flask(__name__)
    app.config.from_mapping(load_config(os.environ, config or {}))
    db.init_app(app)
    JWTManager(app)
    app.register_blueprint(bp)
    return app


@cache
def model() -> ChatOllama:
    """Return the model of the environment."""
    return ChatOllama(
        model=current_app.config["CHATBOT_MODEL"],
        base_url=current_app.config["CHATBOT_OLLAMA_URL"],
        client_kwargs={"trust_env": False},
    )


@bp.get("/health")
def health() -> dict[str, str]:
    """Tell that the process is up."""
    return {"status": "ok"}


@bp.post("/api/chatbot/chat")
@jwt_required()
def chat() -> Any:
    """Answer a message, when all of it is there."""
    body = request.get_json()
    user_id, session_id = int(get_jwt_identity()), body.get("session_id") or str(uuid.uuid4())
    prompt = prompt_of(user_id, session_id, body["message"])
    _store(user_id, session_id, "user", body["message"])
    text = str(model().invoke(prompt).content)
    block = re.search(r"\[.*\]", text, re.DOTALL)
    recommendations = _json(block[0]) if block else []
    _store(user_id, session_id, "assistant", text, {"recommendations": recommendations})
    return jsonify(
        session_id=session_id,
        user_message=body["message"],
        assistant_response=text,
        recommendations=recommendations,
    )


def prompt_of(user_id: int, session_id: str, message: str) -> str:
    """Return all that the model is sent, as one text."""
    user = db.session.scalars(sa.select(User).where(User.id == user_id)).one()
    newest = sa.select(Survey).where(Survey.user_id == user_id).order_by(Survey.id.desc())
    survey = db.session.scalars(newest.limit(1)).first()
    told = {"name": user.name, "experience_level": survey.experience_level if survey else None}
    recent = (
        sa.select(ChatMessage)
        .where(ChatMessage.user_id == user_id, ChatMessage.session_id == session_id)
        .order_by(ChatMessage.id.desc())
        .limit(HISTORY)
    )
    history = reversed(db.session.scalars(recent).all())
    return _PROMPT.format(
        profile=json.dumps(told),
        instruments=json.dumps(load_row_by_row()[:FIRST_ROWS], indent=2, default=str),
        history="\n".join(f"{said.message_type}: {said.content}" for said in history),
        message=message,
    )


def _store(user_id: int, session_id: str, kind: str, text: str, data: Any = None) -> None:
    said = ChatMessage(
        user_id=user_id, session_id=session_id, message_type=kind, content=text, context_data=data
    )
    db.session.add(said)
    db.session.commit()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return []


@bp.get("/api/chatbot/sessions")
@jwt_required()
def sessions() -> Any:
    """List the user's sessions, with a query for each."""
    user_id = int(get_jwt_identity())
    mine = ChatMessage.user_id == user_id
    names = db.session.scalars(sa.select(ChatMessage.session_id).where(mine).distinct()).all()
    listed = [_summary(user_id, name) for name in names]
    listed.sort(key=lambda told: told["last_message_at"], reverse=True)
    return jsonify(sessions=listed, total_sessions=len(listed))


def _summary(user_id: int, session_id: str) -> dict[str, Any]:
    said = db.session.scalars(
        sa.select(ChatMessage)
        .where(ChatMessage.user_id == user_id, ChatMessage.session_id == session_id)
        .order_by(ChatMessage.created_at)
    ).all()
    return {
        "session_id": session_id,
        "started_at": said[0].created_at.isoformat(),
        "last_message_at": said[-1].created_at.isoformat(),
        "message_count": len(said),
    }
