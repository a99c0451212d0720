"""One answer at a time has a session

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-21 23:55:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

NAME = 'ix_chat_messages_claimed_session_id'
CLAIMED = sa.text('claimed_session_id IS NOT NULL')


def upgrade():
    # On PostgreSQL messages are written while it reads them all for this; what then breaks off leaves an
    # index that is not valid, and goes before the next try.
    on_postgresql = op.get_context().dialect.name == 'postgresql'
    with op.get_context().autocommit_block():
        if on_postgresql:
            op.drop_index(NAME, 'chat_messages', if_exists=True, postgresql_concurrently=True)
        op.create_index(
            NAME, 'chat_messages', ['claimed_session_id'], unique=True, if_not_exists=on_postgresql or None,
            sqlite_where=CLAIMED, postgresql_concurrently=True,
        )


def downgrade():
    op.drop_index(NAME, 'chat_messages')
