"""The language model: built, asked, timed, cut off."""
