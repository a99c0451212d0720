"""Export, erasure, purge and deleted users on each database, with what each does by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from host import Host, make_host
from stored_chats import counts, fill

from flask_smorest_chatbot.models import utc_now
from flask_smorest_chatbot.services.events import Delta, Failed
from flask_smorest_chatbot.services.storage.account_data import BATCH, AccountData, Erased
from flask_smorest_chatbot.services.turn import Turn
from flask_smorest_chatbot.values import TurnPlan


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def host(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[Host]:
    """A host whose database keeps foreign keys."""
    host = make_host(new_database(request.param))
    with host.app.app_context():
        if request.param == "sqlite":
            sa.event.listen(host.db.engine, "connect", _keep_foreign_keys)
        host.db.create_all()
        yield host
        host.db.session.remove()
        host.db.engine.dispose()


def _keep_foreign_keys(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=ON")


def account_data(host: Host) -> AccountData:
    return host.app.extensions["chatbot"].account_data  # type: ignore[no-any-return]


def test_export_erase_and_purge(host: Host) -> None:
    user, other = host.add_user(), host.add_user()
    fill(host, user, 3, 3 * BATCH)
    fill(host, other, BATCH + 1, 2 * BATCH, last_message_at=utc_now() - timedelta(days=99))
    rows = [row for batch in account_data(host).export(user) for row in batch]
    said = [int(row["content"].split()[1]) for row in rows if row["type"] == "message"]
    assert sorted(said) == list(range(3 * BATCH))
    old = Erased(BATCH + 1, 2 * BATCH)
    before = utc_now() - timedelta(days=90)
    assert account_data(host).count_idle(before) == old
    assert account_data(host).purge(before) == old
    assert counts(host, other) == (0, 0)
    assert account_data(host).erase(user) == Erased(3, 3 * BATCH)
    assert counts(host, user) == (0, 0)


def test_a_user_deleted_by_plain_sql_takes_the_chats_along(host: Host) -> None:
    user, other = host.add_user(), host.add_user()
    for owner in (user, other):
        fill(host, owner, 2, 10)
    people = host.user_model
    host.db.session.execute(sa.delete(people).where(people.key == user))
    host.db.session.commit()
    assert counts(host, user) == (0, 0)
    assert counts(host, other) == (2, 10)


@pytest.mark.parametrize("what", ["session", "user"])
def test_nothing_is_written_back_of_what_went_in_mid_answer(host: Host, what: str) -> None:
    user, other = host.add_user(), host.add_user()
    fill(host, other, 1, 2)
    services = host.app.extensions["chatbot"].turn_services
    host.chat_model.scripts.append(["One ", 0.3, "two ", *[0.1, "more "] * 30])
    opened = services.conversations.open_turn(user, "s", "Hi")
    events = Turn(services, TurnPlan(message="Hi"), opened).events()
    while not isinstance(next(events), Delta):
        pass
    if what == "session":
        assert services.conversations.clear_session(user, "s") == 2
    else:
        host.db.session.delete(host.db.session.get(host.user_model, user))
        host.db.session.commit()
    last = list(events)[-1]
    assert isinstance(last, Failed)
    assert last.error.reason == "session_cleared"
    assert host.chat_model.closed_early == [True]
    assert counts(host, user) == (0, 0)
    assert counts(host, other) == (1, 2)
