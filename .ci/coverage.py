"""Sums the regions of a target's rooms: coverage.py LEAST NAME EXPORT PATTERN..."""

import fnmatch
import json
import sys

least, name, export, *patterns = sys.argv[1:]
inside = [p for p in patterns if not p.startswith("!")]
outside = [p[1:] for p in patterns if p.startswith("!")]
root = "crates/weir-core/src/"
regions = covered = 0
for file in json.load(open(export, encoding="utf-8"))["data"][0]["files"]:
    path = file["filename"].partition(root)[2]
    ours = any(fnmatch.fnmatch(path, p) for p in inside)
    if not ours or any(fnmatch.fnmatch(path, p) for p in outside):
        continue
    summary = file["summary"]["regions"]
    regions += summary["count"]
    covered += summary["covered"]
    percent = 100 * summary["covered"] / max(summary["count"], 1)
    print(f"  {path:30} {summary['count']:8} {summary['covered']:8} {percent:8.1f}", file=sys.stderr)
percent = 100 * covered / max(regions, 1)
print(f"{name:16} {regions:8} {covered:8} {percent:8.1f}", flush=True)
sys.exit(percent < float(least))
