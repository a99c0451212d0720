"""Find the sessions that are being answered without reading all

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-21 17:45:00

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

NAME = 'ix_chat_sessions_active_message_id'
OPEN = sa.text('active_message_id IS NOT NULL')


def upgrade():
    op.create_index(NAME, 'chat_sessions', ['active_message_id'], postgresql_where=OPEN, sqlite_where=OPEN)


def downgrade():
    op.drop_index(NAME, 'chat_sessions')
