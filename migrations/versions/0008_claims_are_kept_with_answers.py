"""Claims are kept with the answers that hold them

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-21 23:50:00.000000

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import mysql


# revision identifiers, used by Alembic.
revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade():
    moment = sa.DateTime(timezone=True)
    for dialect in ('mariadb', 'mysql'):
        moment = moment.with_variant(mysql.DATETIME(fsp=6), dialect)
    with op.batch_alter_table('chat_messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('claimed_session_id', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('claimed_until', moment, nullable=True))
        batch_op.add_column(sa.Column('claimed_by', sa.String(length=120), nullable=True))


def downgrade():
    with op.batch_alter_table('chat_messages', schema=None) as batch_op:
        batch_op.drop_column('claimed_by')
        batch_op.drop_column('claimed_until')
        batch_op.drop_column('claimed_session_id')
