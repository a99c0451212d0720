"""A name that a message says."""

from __future__ import annotations

from dataclasses import dataclass

from .names import Kind, Meaning


@dataclass(frozen=True, kw_only=True)
class Term:
    """A name that a message says.

    :param span: where
    :param is_unwanted: whether the user says that they do not want it
    """

    span: tuple[int, int]
    meaning: Meaning
    is_unwanted: bool = False

    @property
    def kind(self) -> Kind:
        """What kind of name it is."""
        return self.meaning.kind
