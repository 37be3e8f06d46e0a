"""What an adapter in Python stands on.

`world` turns two plain functions into the class that the contract
(plugins/wit/adapter.wit) asks for, and encodes what they return. It has no
state, no clock and no randomness, and it needs no package.
"""

from __future__ import annotations

from typing import Any, Callable

from . import schema
from .encode import encode

__all__ = ["ConfigurationFaults", "Rejection", "encode", "schema", "world"]


class Rejection(Exception):
    """A message that cannot be understood as a whole: raise it, and the message goes to quarantine (隔离区)."""

    def __init__(self, code: str, offset: int, text: str) -> None:
        """`code` is `<adapter>.<what>` in lower case, `offset` a byte of the message, `text` one sentence."""
        super().__init__(text)
        self.code = code
        self.offset = offset
        self.text = text


class ConfigurationFaults(Exception):
    """Faults of a configuration, each a path and a sentence: raise it with all of them at once."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("\n".join(f"{path}: {text}" for path, text in faults))
        self.faults = faults


def world(
    *,
    id: str,
    version: str,
    feed_kinds: list[str],
    schema_version: str,
    configure: Callable[[bytes], Any],
    convert: Callable[[Any, Any], schema.Conversion],
    memory_bytes: int = 0,
    deadline_ms: int = 0,
) -> type:
    """The class `WitWorld` of an adapter.

    `configure` reads the configuration and raises ConfigurationFaults; `convert` takes what it returned and one
    message (`payload`, `attributes`) and raises Rejection. The other arguments are as in adapter.toml.
    """
    # Made when the component is built, so that tests outside a component need none of it.
    from componentize_py_types import Err
    from wit_world.imports import types

    # Every call is made on an object of its own, so what `configure` returned is kept beside them.
    held: list[Any] = [None]

    class WitWorld:
        def describe(self) -> types.Description:
            limits = types.Limits(memory_bytes, deadline_ms)
            return types.Description(id, version, feed_kinds, schema_version, limits)

        def configure(self, configuration: bytes) -> None:
            try:
                held[0] = configure(bytes(configuration))
            except ConfigurationFaults as error:
                raise Err([types.ConfigurationFault(path, text) for path, text in error.faults]) from None

        def convert(self, messages: list[types.Message]) -> list:
            return [self._outcome(message) for message in messages]

        def _outcome(self, message: types.Message) -> Any:
            try:
                return types.Outcome_Converted(encode(convert(held[0], message)))
            except Rejection as error:
                # Anything else is a fault of the adapter; it ends the call, and the gateway says so.
                return types.Outcome_Rejected(types.Rejection(error.code, error.offset, error.text))

    return WitWorld
