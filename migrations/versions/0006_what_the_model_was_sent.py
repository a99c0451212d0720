"""What the model was sent for an answer

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-21 17:50:00.000000

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

# revision identifiers, used by Alembic.
revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade():
    text = mysql.MEDIUMTEXT(charset='utf8mb4')
    long_text = sa.Text().with_variant(text, 'mariadb').with_variant(text, 'mysql')
    with op.batch_alter_table('chat_messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('prompt', long_text, nullable=True))


def downgrade():
    with op.batch_alter_table('chat_messages', schema=None) as batch_op:
        batch_op.drop_column('prompt')
