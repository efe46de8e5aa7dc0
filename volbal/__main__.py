"""`python -m volbal decide`: JSON Lines in, decisions out. Needs nothing but Python."""

from __future__ import annotations

import sys

from volbal.door import answer_line

USAGE = """usage: python -m volbal decide < lines.jsonl

Reads one JSON object a line ({"position": {"qty", "cash", ...}, "quote": {"price"}, ...})
and writes one decision a line. Exit status 1 if any line was bad, 2 for a wrong call.
"""


def main(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    if arguments in (["-h"], ["--help"], ["decide", "--help"], ["decide", "-h"]):
        sys.stdout.write(USAGE)
        return 0
    if arguments != ["decide"]:
        sys.stderr.write(USAGE)
        return 2
    try:
        return decide_stdin()
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def decide_stdin() -> int:
    """Answer every line of standard input; blank lines are passed over."""
    all_good = True
    for line in sys.stdin.buffer:
        if line.strip():
            answer, good = answer_line(line)
            all_good = all_good and good
            sys.stdout.write(answer + "\n")
    sys.stdout.flush()
    return 0 if all_good else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
