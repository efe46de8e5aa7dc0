// What of the words on a page can't be read: cut off by a box, under other words, or a number torn apart.
() => {
  "use strict";
  const MARGIN = 1.5;  // what rounding and the slant of letters may come to, in pixels
  const NUMBER = /^[+−]?\$?[0-9][0-9,.]*$/;
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const isApart = (element) => element.closest(".skip, .toasts, .price-chart, .menu-list, svg") !== null;
  const scrolls = (style) => [style.overflowX, style.overflowY].some((one) => one === "auto" || one === "scroll");
  const cuts = (style) => [style.overflowX, style.overflowY].some((one) => one === "hidden" || one === "clip");

  // Return the box that a word is cut off by, if it is.
  const cutter = (element, rect) => {
    for (let box = element; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (scrolls(style)) return null;
      if (!cuts(style)) continue;
      const edge = box.getBoundingClientRect();
      const out = rect.right > edge.right + MARGIN || rect.left < edge.left - MARGIN
        || rect.bottom > edge.bottom + MARGIN || rect.top < edge.top - MARGIN;
      if (out) return box;
    }
    return null;
  };
  // What only screen readers are told is cut off by intent.
  const isForReaders = (element) => {
    for (let box = element; box; box = box.parentElement) {
      if (getComputedStyle(box).clipPath !== "none") return true;
    }
    return false;
  };
  // What scrolls by itself, or stays while the page scrolls, is a layer: it may well come over another.
  const layerOf = (element) => {
    for (let box = element; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (scrolls(style) || style.position === "sticky" || style.position === "fixed") return box;
    }
    return null;
  };

  // How wide a field would have to be for what stands in it: a choice with its arrow, or words of what to write.
  const ARROW = 20;
  const pen = document.createElement("canvas").getContext("2d");
  const isTooNarrow = (field, text) => {
    const style = getComputedStyle(field);
    pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const arrow = field.tagName === "SELECT" && style.appearance !== "none" ? ARROW : 0;
    const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - arrow;
    return pen.measureText(text).width > room + MARGIN;
  };

  const found = [];
  for (const field of document.querySelectorAll("select:not([multiple]), input[placeholder]")) {
    const text = field.tagName === "SELECT" ? field.selectedOptions[0]?.text ?? "" : field.placeholder;
    if (shown(field) && isTooNarrow(field, text)) found.push(`cut off: ${text.slice(0, 60)}`);
  }
  const words = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement, text = node.data.trim();
    if (!text || ["SCRIPT", "STYLE", "OPTION", "NOSCRIPT"].includes(element.tagName)) continue;
    if (!shown(element) || isApart(element) || isForReaders(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = [...range.getClientRects()].filter((rect) => rect.width > 1);
    if (NUMBER.test(text) && new Set(rects.map((rect) => rect.top)).size > 1) found.push(`torn apart: ${text}`);
    for (const rect of rects) {
      if (rect.width < 2 || rect.height < 2) continue;
      if (cutter(element, rect)) found.push(`cut off: ${text.slice(0, 60)}`);
      words.push({ node, element, text, rect, layer: layerOf(element) });
    }
  }
  words.sort((one, other) => one.rect.top - other.rect.top);
  words.forEach((one, index) => {
    for (let next = index + 1; next < words.length; next += 1) {
      const other = words[next];
      if (other.rect.top >= one.rect.bottom - 4) break;  // lines stand closer than their letters are high
      if (other.node === one.node || other.layer !== one.layer) continue;
      const width = Math.min(one.rect.right, other.rect.right) - Math.max(one.rect.left, other.rect.left);
      if (width > MARGIN) found.push(`over each other: ${one.text.slice(0, 40)} | ${other.text.slice(0, 40)}`);
    }
  });
  return [...new Set(found)].slice(0, 5);
}
