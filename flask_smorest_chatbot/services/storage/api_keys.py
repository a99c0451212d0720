"""API keys: made, listed, revoked, and looked up when a program presents one."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ...errors import ConflictError, NotFoundError, ReusedKeyError
from ...models import API_KEY_MARK, API_KEY_PREFIX_LENGTH, API_KEY_SCOPES, utc_now
from .tables import UserStore, aware

#: How old ``last_used_at`` may become before it is written anew: not with every request.
USE_NOTED_EVERY = timedelta(minutes=1)

_KEY = re.compile(rf"{API_KEY_MARK}([0-9a-f]{{{API_KEY_PREFIX_LENGTH}}})_[0-9a-f]{{64}}")


class ApiKeys(UserStore):
    """The API keys of one app's users."""

    def create(
        self,
        user_id: Any,
        name: str,
        scopes: Sequence[str],
        days: int | None,
        most: int,
        request: str | None = None,
    ) -> tuple[Any, str | None]:
        """Make a key; the only moment at which it is known. Commits.

        :param days: after how many it is refused; None is never
        :param most: how many keys a user may have; one that is revoked or has expired gives way
        :param request: digest of what the client calls the request; None if it may come only once
        :return: what is stored of it, and the key; None for that of one that the same request has
            made before
        :raises ConflictError: when the user has as many that work
        :raises ReusedKeyError: when another request of that name has made one
        """
        prefix = _prefix_for(user_id, request)
        words = " ".join(scope for scope in API_KEY_SCOPES if scope in scopes)
        asked = (name, words, days)
        if request is not None and (made := self._made_before(user_id, prefix, asked)) is not None:
            return made, None
        try:
            return self._store(user_id, prefix, asked, most)
        except IntegrityError as error:  # made this moment; or the user has gone
            if (made := self._made_before(user_id, prefix, asked)) is None:
                message = "Your API keys are being changed elsewhere: try again."
                raise ConflictError(message) from error
            return made, None

    def _store(
        self, user_id: Any, prefix: str, asked: tuple[str, str, int | None], most: int
    ) -> tuple[Any, str]:
        (name, scopes, days), now = asked, utc_now()
        key = f"{API_KEY_MARK}{prefix}_{secrets.token_hex(32)}"
        with self.transaction():
            self._lock(user_id)
            stored = self.model(
                user_id=user_id,
                name=name,
                prefix=prefix,
                digest=_digest(key),
                scopes=scopes,
                created_at=now,
                expires_at=None if days is None else now + timedelta(days=days),
            )
            self.db.session.add(stored)
            self.db.session.flush()  # from here on SQLite lets no other request write
            self._make_room(user_id, most, now)
            return self._detached(stored), key

    def _made_before(self, user_id: Any, prefix: str, asked: tuple[str, str, int | None]) -> Any:
        """Return what is stored of the key that the same request has made; None if it has not.

        :raises ReusedKeyError: when it was another request
        """
        model = self.model
        with self.transaction():
            stored = self.db.session.scalar(
                sa.select(model).where(model.user_id == user_id, model.prefix == prefix)
            )
            if stored is None:
                return None
            if (stored.name, stored.scopes, _days_of(stored)) != asked:
                raise ReusedKeyError()
            return self._detached(stored)

    def _lock(self, user_id: Any) -> None:
        """Let requests at the same moment wait, so that they count each other's keys."""
        self.db.session.execute(
            sa.select(self._user_key).where(self._user_key == user_id).with_for_update(),
            bind_arguments={"mapper": sa.inspect(self.model)},  # users may have one of their own
        )

    def _make_room(self, user_id: Any, most: int, now: datetime) -> None:
        keys = self._all_of(user_id)
        useless = [key for key in keys if not is_valid(key, now)]
        for key in useless[: max(0, len(keys) - most)]:
            self.db.session.delete(key)
        if len(keys) - len(useless) > most:
            raise ConflictError(f"You have {most} API keys, which is the most: revoke one first.")

    def keys_of(self, user_id: Any) -> Sequence[Any]:
        """Return the user's keys, those that were revoked included, newest first."""
        with self.transaction():
            return [self._detached(key) for key in reversed(self._all_of(user_id))]

    def revoke(self, user_id: Any, key_id: int) -> None:
        """Refuse a key from now on. Commits.

        :raises NotFoundError: when the user has no such key
        """
        model = self.model
        with self.transaction():
            key = self.db.session.scalar(
                sa.select(model).where(model.user_id == user_id, model.id == key_id)
            )
            if key is None:
                raise NotFoundError("There is no such API key.")
            key.revoked_at = key.revoked_at or utc_now()

    def find(self, key: str) -> Any:
        """Return what is stored of a key that was presented, and note its use. Commits.

        :return: None unless it is one of ours that works
        """
        form = _KEY.fullmatch(key)
        if form is None:
            return None
        model, now = self.model, utc_now()
        with self.transaction():
            stored = self.db.session.scalar(sa.select(model).where(model.prefix == form[1]))
            # In constant time, and as long for a prefix that nobody has.
            expected = stored.digest if stored is not None else _NOBODYS
            is_it = hmac.compare_digest(_digest(key), expected)
            if stored is None or not is_it or not is_valid(stored, now):
                return None
            if aware(stored.last_used_at) <= now - USE_NOTED_EVERY:
                stored.last_used_at = now
            return self._detached(stored)

    def _detached(self, key: Any) -> Any:
        """Return a stored key that can be read when its transaction has ended."""
        self.db.session.flush()
        self.db.session.expunge(key)
        return key

    def _all_of(self, user_id: Any) -> Sequence[Any]:
        """Return the user's keys, oldest first."""
        model = self.model
        mine = sa.select(model).where(model.user_id == user_id).order_by(model.id)
        return self.db.session.scalars(mine).all()


def is_valid(key: Any, now: datetime) -> bool:
    """Tell whether a stored key is neither revoked nor has expired."""
    return key.revoked_at is None and (key.expires_at is None or aware(key.expires_at) > now)


def _days_of(key: Any) -> int | None:
    return None if key.expires_at is None else (aware(key.expires_at) - aware(key.created_at)).days


def _prefix_for(user_id: Any, request: str | None) -> str:
    """Return the part of a key that is no secret.

    The same for a request that comes again: being unique, it lets the database make one key of it.
    """
    if request is None:
        return secrets.token_hex(API_KEY_PREFIX_LENGTH // 2)
    return _digest(f"{user_id} {request}")[:API_KEY_PREFIX_LENGTH]


def _digest(key: str) -> str:
    """Return what is stored of a key.

    One round of SHA-256 will do: slow hashes are for what people choose and others can guess. A
    key holds 256 random bits, and is checked with every request.
    """
    return hashlib.sha256(key.encode()).hexdigest()


_NOBODYS = _digest("")
