"""Who may ask the model now, and who waits for it in which order."""

from .admission import Admission
from .place import Place, wait_in_line
from .site_lines import admission_of

__all__ = ["Admission", "Place", "admission_of", "wait_in_line"]
