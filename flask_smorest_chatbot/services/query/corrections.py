"""The words by which users put right what they have just said. Folded spelling."""

from __future__ import annotations

import re

#: Between two things of a kind: the first of them no longer holds.
CORRECTS = re.compile(
    r"\b(?:no(?=[,:;.]| wait\b| sorry\b| i mean)|nope|wait(?=,)|sorry|oops|pardon|i mean(?:t)?"
    r"|actually|scratch that|correction|or rather|make (?:that|it)|better(?=,| still\b))(?!\w)"
)
#: Beside such words it is none: "a guitar, and sorry, an amp too".
ALSO = re.compile(r"\b(?:and|also|too|plus|as well|or(?!,? (?:sorry|no|rather|actually|better)))\b")
