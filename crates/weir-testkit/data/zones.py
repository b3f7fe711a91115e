"""What do the zones of the world do to days, weeks and months? An oracle for weir_core::window.

Reads the time-zone database of the package `tzdata` by way of Python's own zoneinfo, looks for each
change of each zone's clocks from 1970 to 2037, and at each, and a millisecond before and after it,
writes down the period of a day, a week and a month, two ends each. Too much to keep: of each zone the
file has how many changes there are, and a SHA-256 of all the periods, one line each.

    python3 -m venv v && v/bin/pip install tzdata==2026.5
    PYTHONTZPATH= v/bin/python zones.py > zones.tsv
    PYTHONTZPATH= v/bin/python zones.py Europe/Berlin   # the lines themselves
"""

import hashlib
import importlib.resources
import sys
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
FIRST, LAST = 0, int((datetime(2038, 1, 1, tzinfo=timezone.utc) - EPOCH).total_seconds())
STEP = 6 * 3600


def ahead(zone, second):
    return (EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()


def changes(zone):
    """Every second at which the clocks change: looked for every six hours, then in halves."""
    found = []
    before = ahead(zone, FIRST)
    for low in range(FIRST, LAST, STEP):
        after = ahead(zone, low + STEP)
        if after != before:
            start, end = low, low + STEP
            while end - start > 1:
                middle = (start + end) // 2
                if ahead(zone, middle) == before:
                    start = middle
                else:
                    end = middle
            found.append(end)
        before = after
    return found


def instant(zone, day):
    """The first second of a civil day; where its midnight is left out, the first after the gap."""
    naive = datetime(day.year, day.month, day.day)
    shown = []
    for fold in (0, 1):
        utc = naive.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc)
        if utc.astimezone(zone).replace(tzinfo=None) == naive:
            shown.append(utc)
    if shown:
        return seconds(min(shown))
    # In a gap: the clocks jump over midnight at the one second where they pass it.
    low = seconds(naive.replace(tzinfo=timezone.utc)) - 2 * 86400
    high = low + 4 * 86400
    while high - low > 1:
        middle = (low + high) // 2
        local = (EPOCH + timedelta(seconds=middle)).astimezone(zone).replace(tzinfo=None)
        if local < naive:
            low = middle
        else:
            high = middle
    return high


def seconds(utc):
    return int((utc - EPOCH).total_seconds())


def starts(day, unit):
    """The first days of the periods around a day, in order."""
    near = [day + timedelta(days=n) for n in range(-75, 76)]
    if unit == "day":
        return near[70:82]
    if unit == "week":
        return [d for d in near if d.weekday() == 0]
    return [d for d in near if d.day == 1]


def period(zone, millis, unit):
    local = (EPOCH + timedelta(milliseconds=millis)).astimezone(zone)
    bounds = sorted({instant(zone, day) * 1000 for day in starts(local.date(), unit)})
    return max(b for b in bounds if b <= millis), min(b for b in bounds if b > millis)


def lines(name):
    zone = ZoneInfo(name)
    found = changes(zone)
    for second in found:
        for beside in (-1, 0, 1):
            millis = second * 1000 + beside
            for unit in ("day", "week", "month"):
                start, end = period(zone, millis, unit)
                yield f"{millis} {unit} {start} {end}\n"


def main():
    if sys.argv[1:]:
        sys.stdout.writelines(lines(sys.argv[1]))
        return
    zones = importlib.resources.files("tzdata").joinpath("zones").read_text().split()
    known = {}
    for name in sorted(zones):
        data = importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
        same = data.read_bytes()
        if same not in known:
            all_lines = list(lines(name))
            digest = hashlib.sha256("".join(all_lines).encode()).hexdigest()
            known[same] = f"{len(all_lines) // 9}\t{digest}"
        print(f"{name}\t{known[same]}", flush=True)


main()
