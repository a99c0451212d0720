"""Names of the constraints and indexes of the plugin's tables."""

from __future__ import annotations

import hashlib

from sqlalchemy.schema import conv

#: Longest name that PostgreSQL keeps, in bytes; MariaDB and MySQL allow one more.
LONGEST_NAME = 63


def constraint_name(kind: str, table: str, *rest: str) -> conv:
    """Return the name of a constraint or index, the same on every database.

    :param kind: ``pk``, ``uq``, ``fk``, ``ck`` or ``ix``
    :param table: the table's name; a long one is cut and told apart by a digest
    :param rest: columns and whatever else tells this one from the others of its kind
    :return: marked as whole, so that a naming convention of the host's metadata does not wrap it
    """
    name = "_".join((kind, table, *rest))
    if len(name.encode()) > LONGEST_NAME:
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        kept = name.encode()[: LONGEST_NAME - len(digest) - 1].decode(errors="ignore")
        name = f"{kept}_{digest}"
    return conv(name)
