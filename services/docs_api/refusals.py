"""Refusals of input that only the database could judge, in the shape that validation gives."""

from services.kernel.problems import InvalidInput


def invalid(pointer: str, problem: str, where: str = "body") -> InvalidInput:
    """Input that is well-formed but names something unfit. `pointer` is a JSON pointer (RFC 6901)."""
    return InvalidInput(errors=[{"in": where, "pointer": pointer, "problem": problem}])
