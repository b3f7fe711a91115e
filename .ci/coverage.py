"""Sums the regions of a target's rooms: coverage.py LEAST NAME EXPORT PATTERN...

A region is a piece of the source: it is covered when any copy of it ran that the compiler made, one
for each type that a function is written out for. What is not stands in EXPORT.missed, a line each:
file:line:column-line:column, counted from 1.
"""

import fnmatch
import json
import sys
from collections import defaultdict

ROOT = "crates/weir-core/src/"
CODE = 0  # The kind of region that is code; others are gaps, expansions of macros, branches.


def main():
    least, name, export, *patterns = sys.argv[1:]
    ran = defaultdict(dict)
    with open(export, encoding="utf-8") as file:
        functions = json.load(file)["data"][0]["functions"]
    for function in functions:
        for *span, count, at, _, kind in function["regions"]:
            path = function["filenames"][at].partition(ROOT)[2]
            if kind == CODE and is_ours(path, patterns):
                span = tuple(span)
                ran[path][span] = ran[path].get(span, False) or count > 0
    missed = []
    for path, spans in sorted(ran.items()):
        line(f"  {path}", spans.values(), sys.stderr)
        for (a, b, c, d), hit in sorted(spans.items()):
            missed += [] if hit else [f"{ROOT}{path}:{a}:{b}-{c}:{d}\n"]
    with open(f"{export}.missed", "w", encoding="utf-8") as file:
        file.writelines(missed)
    everything = [hit for spans in ran.values() for hit in spans.values()]
    sys.exit(line(name, everything, sys.stdout) < float(least))


def is_ours(path, patterns):
    inside = any(fnmatch.fnmatch(path, p) for p in patterns)
    return inside and not any(fnmatch.fnmatch(path, p[1:]) for p in patterns if p[0] == "!")


def line(name, hits, to):
    percent = 100 * sum(hits) / max(len(hits), 1)
    print(f"{name:32} {len(hits):8} {sum(hits):8} {percent:8.1f}", file=to, flush=True)
    return percent


main()
