"""Search of the catalogue

PostgreSQL gets indexes over expressions, SQLite a full-text table with triggers. A later migration
that copies SQLite's table instruments in batch mode loses the triggers, and has to make them again
as it is done here.

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-21 15:10:00.000000

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

BLOCKING = sa.text("status IN ('pending', 'active')")

MARKS = r'\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e\u2010-\u201f'
DETAILS = "category || ' ' || brand || ' ' || description || ' ' || model"
VECTOR = (
    f"(setweight(to_tsvector('simple', regexp_replace(name, '[{MARKS}]+', ' ', 'g')"
    rf" || ' ' || regexp_replace(model, '[\u0020{MARKS}]+', '', 'g')), 'A') || "
    f"to_tsvector('simple', regexp_replace({DETAILS}, '[{MARKS}]+', ' ', 'g')))"
)
TOWN = "lower(split_part(location, ',', 1))"
POSTGRESQL_INDEXES = {
    'ix_instruments_search': f'instruments USING gin ({VECTOR})',
    'ix_listings_instrument_id_is_available_town_daily_rate':
        f'listings (instrument_id, is_available, {TOWN}, daily_rate, id)',
    'ix_listings_is_available_town_daily_rate':
        f'listings (is_available, {TOWN}, daily_rate, id)',
}

NEW_NAME = (
    "new.name || ' ' || replace(replace(replace(replace(new.model, ' ', ''), '-', ''), '/', ''), "
    "'.', '')"
)
NEW_DETAILS = "new.category || ' ' || new.brand || ' ' || new.description || ' ' || new.model"
SQLITE_SEARCH = (
    'CREATE VIRTUAL TABLE instruments_search USING fts5(name, details)',
    'CREATE TRIGGER instruments_search_insert AFTER INSERT ON instruments BEGIN '
    'INSERT INTO instruments_search (rowid, name, details) '
    f'VALUES (new.id, {NEW_NAME}, {NEW_DETAILS}); END',
    'CREATE TRIGGER instruments_search_update AFTER UPDATE ON instruments BEGIN '
    f'UPDATE instruments_search SET name = {NEW_NAME}, details = {NEW_DETAILS} '
    'WHERE rowid = new.id; END',
    'CREATE TRIGGER instruments_search_delete AFTER DELETE ON instruments BEGIN '
    'DELETE FROM instruments_search WHERE rowid = old.id; END',
    'INSERT INTO instruments_search (rowid, name, details) '
    f'SELECT new.id, {NEW_NAME}, {NEW_DETAILS} FROM instruments AS new',
)


def upgrade():
    op.create_index(
        'ix_listings_instrument_id_is_available_daily_rate',
        'listings',
        ['instrument_id', 'is_available', 'daily_rate', 'id'],
    )
    op.create_index(
        'ix_rentals_blocking_listing_id_end_date',
        'rentals',
        ['listing_id', 'end_date'],
        postgresql_where=BLOCKING,
        postgresql_include=['start_date'],
        sqlite_where=BLOCKING,
    )
    dialect = op.get_context().dialect.name
    if dialect == 'postgresql':
        for name, what in POSTGRESQL_INDEXES.items():
            op.execute(sa.DDL(f'CREATE INDEX {name} ON {what}'))
    if dialect == 'sqlite':
        for statement in SQLITE_SEARCH:
            op.execute(sa.DDL(statement))


def downgrade():
    dialect = op.get_context().dialect.name
    if dialect == 'postgresql':
        for name in POSTGRESQL_INDEXES:
            op.execute(f'DROP INDEX {name}')
    if dialect == 'sqlite':
        for event in ('insert', 'update', 'delete'):
            op.execute(f'DROP TRIGGER instruments_search_{event}')
        op.execute('DROP TABLE instruments_search')
    op.drop_index('ix_rentals_blocking_listing_id_end_date', 'rentals')
    op.drop_index('ix_listings_instrument_id_is_available_daily_rate', 'listings')
