"""Ids are not used again

Only SQLite needs this: it gives the id of a deleted last row to the next one, unless the table is
made with AUTOINCREMENT. PostgreSQL and MariaDB count on.

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-21 14:20:00.000000

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

TABLES = ('instruments', 'users', 'listings', 'surveys', 'rentals')


def upgrade():
    rebuild(sqlite_autoincrement=True)


def downgrade():
    rebuild(sqlite_autoincrement=False)


def rebuild(**options):
    """Copy each table into a new one of the same columns and constraints, on SQLite."""
    if op.get_context().dialect.name != 'sqlite':
        return
    for table in TABLES:
        with op.batch_alter_table(table, recreate='always', table_kwargs=options):
            pass
