"""A person without a mouse: goes from one thing to the next by Tab, and must always see where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playwright.sync_api import Page, expect

MOST_STEPS = 150
END = ""  # beyond the last thing of a page
# What has the focus: its name, as a screen reader would say it, and whether the eye finds it.
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const label = one.labels && one.labels.length ? one.labels[0].innerText : "";
  const name = one.getAttribute("aria-label") || label || one.innerText || one.value || one.id || one.tagName;
  const box = one.getBoundingClientRect(), style = getComputedStyle(one);
  const inside = (from, to, most) => (Math.max(from, 0) + Math.min(to, most)) / 2;
  const across = inside(box.left, box.right, innerWidth), down = inside(box.top, box.bottom, innerHeight);
  const hit = document.elementFromPoint(across, down);
  return {
    name: name.trim().replace(/\\s+/g, " "),
    isMarked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    isInSight: hit !== null && (one.contains(hit) || hit.contains(one)),
    place: [...document.querySelectorAll("*")].indexOf(one),
  };
}"""


class Keyboard:
    """The keys, and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, name: str) -> None:
        """Press Tab until what has the focus is called so: all of its name, or its beginning with "..."."""
        wanted = re.compile(re.escape(name.removesuffix("...")) + ("" if name.endswith("...") else r"\Z"))
        if not any(wanted.match(reached) for reached in self._steps()):
            raise AssertionError(f"no {name!r} is reached")

    def go_around(self) -> list[str]:
        """Press Tab until the page is over; return what had the focus."""
        self.page.evaluate("document.activeElement.blur()")
        reached = []
        for name in self._steps():
            if name == END:
                return reached
            reached.append(name)
        raise AssertionError(f"there is no way out of {reached[-10:]}")

    def _steps(self) -> Iterator[str]:
        """Go on and on. Each thing must be visibly marked, in sight, and in the order in which it stands."""
        place = -1
        for _ in range(MOST_STEPS):
            self.press("Tab")
            found = self.page.evaluate(FOCUSED)
            if found is None:
                place = -1
                yield END
                continue
            assert found["isMarked"], f"no mark shows that {found['name']} has the focus"
            assert found["isInSight"], f"{found['name']} has the focus out of sight"
            assert found["place"] >= place, f"{found['name']} comes too late"  # a date has parts of its own
            place = found["place"]
            yield found["name"]

    def follow(self, name: str, *, to: str | None = None) -> None:
        """Go to something and press Enter on it; wait for the page with the heading that it leads to."""
        self.go_to(name)
        self.press("Enter")
        if to is not None:
            expect(self.page.get_by_role("heading", level=1)).to_contain_text(to)

    def skip(self) -> None:
        """Go to what the page is about, past what stands on every page."""
        self.follow("Skip to the content")

    def write(self, name: str, text: str) -> None:
        """Go to a field and type instead of what is in it."""
        self.go_to(name)
        self.press("Control+A")
        self.page.keyboard.type(text)

    def press(self, key: str) -> None:
        """Press one key."""
        self.page.keyboard.press(key)
