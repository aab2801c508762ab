"""What every benchmark has in common: its helpers are processes told what to do in lines, its report is printed."""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterable
from typing import Any


class Child:
    """One of the harness's own processes: gets its job as a line, answers in lines."""

    def __init__(self, module: str, job: dict[str, Any]) -> None:
        self.module = module
        self.process = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.say(json.dumps(job))

    @property
    def pid(self) -> int:
        """Of the process."""
        return self.process.pid

    def say(self, line: str) -> None:
        """Send a line."""
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        """Return the next line. Raises SystemExit when the process ended instead."""
        assert self.process.stdout
        line = self.process.stdout.readline().strip()
        if not line:
            raise SystemExit(f"bench: {self.module} ended with status {self.process.wait(5)}")
        return line

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.wait(5)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def parser(name: str, doc: str | None) -> argparse.ArgumentParser:
    """Return the parser of `jointops bench NAME`, whose help is the module's own."""
    made = argparse.ArgumentParser(
        prog=f"jointops bench {name}", description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--json", action="store_true", help="one JSON object on the standard output")
    return made


def bar(name: str, value: float, op: str, limit: float) -> dict[str, Any]:
    """Return one bar of a report."""
    return {"name": name, "value": value, "op": op, "limit": limit}


def met(one: dict[str, Any]) -> bool:
    """Say whether a bar's value is within its limit."""
    value, limit = one["value"], one["limit"]
    return bool(value <= limit if one["op"] == "<=" else value >= limit)


def spread(values: Iterable[float]) -> dict[str, Any]:
    """Return the median of the rounds' values, and all of them."""
    rounds = list(values)
    return {"median": statistics.median(rounds), "rounds": rounds}


def say(args: argparse.Namespace, text: str) -> None:
    """Tell who waits, unless only JSON is wanted on the terminal."""
    print(text, file=sys.stderr if args.json else sys.stdout, flush=True)


def tell(args: argparse.Namespace, report: dict[str, Any]) -> int:
    """Print the report; return the status of a benchmark that measured, bars met or missed."""
    if args.json:
        print(json.dumps(report, indent=1))
        return 0
    for one in report["bars"]:
        print(f"{'met   ' if met(one) else 'MISSED'} {one['name']} = {one['value']:.3g} ({one['op']} {one['limit']})")
    return 0
