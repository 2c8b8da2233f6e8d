"""`python -m bench NAME [--json] [--full]`: see `redwell bench --help`."""

import argparse
import json
import sys

from bench import auth, vault
from bench.measuring import Result, machine

BENCHES = {"auth": auth.measure, "vault": vault.measure}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="redwell bench", description=__doc__)
    parser.add_argument("name", choices=BENCHES)
    parser.add_argument("--json", action="store_true", help="one object; the lines go to standard error")
    parser.add_argument("--full", action="store_true", help="the sizes that budgets name; takes long")
    told = parser.parse_args(arguments)
    command = " ".join(["./redwell bench", told.name, *(["--full"] if told.full else [])])
    facts, results = machine(), []
    for result in BENCHES[told.name](full=told.full):
        results.append(result)
        print(_line(result), file=sys.stderr if told.json else sys.stdout, flush=True)
    if told.json:
        found = [result.to_json(command) for result in results]
        print(json.dumps({"bench": told.name, "machine": facts, "results": found}))
    return 0


def _line(result: Result) -> str:
    low, high = result.spread
    details = ", ".join(f"{name} {value:.4g}" for name, value in result.details.items())
    compared = "" if result.baseline is None else f"; baseline {result.baseline:.4g}"
    unit = "" if result.unit == "ratio" else f" {result.unit}"
    return (
        f"{result.name:28} {result.value:7.3g}{unit}  ({low:.3g} to {high:.3g}; budget {result.budget})"
        f"{compared}{'; ' + details if details else ''}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
