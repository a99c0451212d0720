"""The one place where the site ends a database transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from ..errors import ConflictError
from ..extensions import db

CHANGED_MEANWHILE = "Somebody else changed this at the same time; try again."


@contextmanager
def transaction(conflict: str = CHANGED_MEANWHILE) -> Iterator[None]:
    """Commit what the block did, or roll it all back when it raises.

    :param conflict: what to say when a constraint of the database refuses it
    :raises ConflictError: in that case
    """
    try:
        yield
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise ConflictError(conflict) from error
    except BaseException:
        db.session.rollback()
        raise
