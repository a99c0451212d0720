"""Find every ``reason`` word in the plugin's source.

A word is a text that ends in something called ``reason``: an argument, a keyword, a key of a dict
or a variable. So the constructors and functions that take a ``reason`` need not be listed here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

Tree = ast.AST


def reason_words(folder: Path) -> set[str]:
    """Return the words of all modules below ``folder``."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py")]
    takers = _takers(trees)
    found = {word for tree in trees for word in _words(tree, takers, trees)}
    # The examples of recommendations have reasons too: sentences, not words.
    return {word for word in found if " " not in word}


def _takers(trees: Sequence[Tree]) -> dict[str, int]:
    """Return callables that take a ``reason``: name and position (without ``self``)."""
    takers: dict[str, int] = {}
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef) and (at := _position(node)) is not None:
            takers[node.name] = at
    own = {node.name: _constructor(node) for node in classes}
    for _ in classes:  # as often as a chain of bases can be long
        for node in classes:
            bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
            inherited = next((takers[base] for base in bases if base in takers), None)
            at = own[node.name] if own[node.name] is not None else inherited
            if at is not None and at >= 0:
                takers[node.name] = at
    takers.pop("__init__", None)
    # super().__init__(message, reason) of a class whose own constructor takes none
    return {**takers, "__init__": takers["TurnError"]}


def _constructor(node: ast.ClassDef) -> int | None:
    """Return where a class's own constructor takes it; -1 for not at all, None without one."""
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            at = _position(part)
            return -1 if at is None else at
    return None


def _position(node: ast.FunctionDef) -> int | None:
    names = [argument.arg for argument in node.args.args if argument.arg not in ("self", "cls")]
    return names.index("reason") if "reason" in names else None


def _words(tree: Tree, takers: dict[str, int], trees: Sequence[Tree]) -> Iterator[str]:
    for value in _reasons(tree, takers):
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value
        elif isinstance(value, ast.JoinedStr):
            yield from _filled_in(value, tree, trees)


def _reasons(tree: Tree, takers: dict[str, int]) -> Iterator[ast.expr]:
    """Yield the expressions that become a ``reason``."""
    for node in ast.walk(tree):
        match node:
            case ast.Call():
                yield from (word.value for word in node.keywords if word.arg == "reason")
                at = takers.get(_called(node), len(node.args))
                yield from node.args[at : at + 1]
            case ast.Dict():
                yield from (
                    value
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant) and key.value == "reason"
                )
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                pairs = zip(names, values, strict=True)
                yield from (value for name, value in pairs if _is_reason(name))
            case ast.Assign(targets=[name], value=value) if _is_reason(name):
                yield value


def _is_reason(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "reason"


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _filled_in(text: ast.JoinedStr, tree: Tree, trees: Sequence[Tree]) -> Iterator[str]:
    """Yield what ``f"{name}_error"`` in a function becomes, by what the function is called with."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and text in ast.walk(function):
            names = [argument.arg for argument in function.args.args]
            for call in (node for each in trees for node in ast.walk(each)):
                if isinstance(call, ast.Call) and _called(call) == function.name:
                    yield _format(text, dict(zip(names, call.args, strict=False)))


def _format(text: ast.JoinedStr, given: dict[str, ast.expr]) -> str:
    parts = []
    for part in text.values:
        value: ast.expr = part
        if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name):
            value = given[part.value.id]
        assert isinstance(value, ast.Constant)
        parts.append(str(value.value))
    return "".join(parts)
