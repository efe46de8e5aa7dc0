"""The kernel's own source compiled for floats, by numba. Importing this takes a second.

The functions of `volbal.kernel`, `volbal.units`, `volbal.still_prices`, one of `volbal.sizing` and those of
`certified` and `certified_run` are written into one module: numba keeps what it compiled beside that file,
and would not notice a change in another. The file is named by the hash of what is in it. Nothing is changed
on the way, except that the functions handed in as `ops` are called by their names, which is what numba can
keep.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import os
import sys
import tempfile
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
from django.conf import settings

from simulation import certified, certified_run
from volbal import kernel, still_prices, units
from volbal.sizing import strategy_named

_MODULES = (units, kernel, still_prices, certified, certified_run)
_OPS = {
    "fixed": "as_it_is",
    "money": "as_it_is",
    "down": "as_in_units",
    "up": "as_in_units",
    "size": "sizing",
}
_HEAD = "\n".join(
    ["import math", "from typing import Any", "import numba"]
    + [f"from {module.__name__} import *" for module in _MODULES]
)


@cache
def compiled_module(strategy: str) -> Any:
    """Return the compiled functions, with one sizing strategy, as a module."""
    text = _module_text(strategy)
    name = f"volbal_{strategy}_{hashlib.sha256((text + numba.__version__).encode()).hexdigest()[:16]}"
    sys.modules[name] = _load(name, _kept(name, text))  # numba looks for it there
    return sys.modules[name]


def _kept(name: str, text: str) -> Path:
    """Return the module's file, written whole or not at all."""
    folder = Path(settings.COMPILED_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.py"
    if not path.exists():
        handle, scratch = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(scratch).replace(path)
    return path


def _load(name: str, path: Path) -> ModuleType:
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can't be imported")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _module_text(strategy: str) -> str:
    functions = [node for module in _MODULES for node in _functions_in(inspect.getsource(module))]
    (size,) = _functions_in(inspect.getsource(strategy_named(strategy)))
    size.name = _OPS["size"]
    return "\n\n".join([_HEAD, *(ast.unparse(_ByName().visit(node)) for node in (size, *functions))]) + "\n"


def _functions_in(source: str) -> list[ast.FunctionDef]:
    nodes = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    for node in nodes:
        node.decorator_list = [ast.parse("numba.njit(cache=True)", mode="eval").body]
        node.returns = None
        for argument in node.args.args:
            argument.annotation = None
    return nodes


class _ByName(ast.NodeTransformer):
    """Calls what is handed in as `ops` by its name."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "ops":
            return ast.Name(_OPS[node.attr], node.ctx)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Constant(0) if node.id == "FLOAT_OPS" else node
