"""A small language model behind the Ollama HTTP API, for machines without Ollama.

``python -m small_ollama`` serves it; :class:`SmallOllama` runs that command as a child process.
Importing this package needs the standard library only.
"""

from small_ollama.process import SmallOllama, SmallOllamaError

__all__ = ["SmallOllama", "SmallOllamaError"]
