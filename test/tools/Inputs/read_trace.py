# SPDX-License-Identifier: Apache-2.0
"""Prints the events of a trace in the order of their beginnings, indented by what encloses them."""
import json
import pathlib
import sys

text = pathlib.Path(sys.argv[1]).read_text()
assert text.startswith("[") and text.endswith("},")  # an array that is open at the end
events = json.loads(text.removesuffix(",") + "]")
assert all(event["ph"] == "X" and event["dur"] >= 0 for event in events)
# The compiler has a thread of its own, within which nothing else happens meanwhile.
enclosing = []
for event in sorted(events, key=lambda event: (event["ts"], -event["dur"])):
    while enclosing and enclosing[-1]["ts"] + enclosing[-1]["dur"] <= event["ts"]:
        enclosing.pop()
    reason = event.get("args", {}).get("reason")
    since = f", since {reason}" if reason else ""
    print("  " * len(enclosing) + event["cat"], event["name"] + since)
    enclosing.append(event)
