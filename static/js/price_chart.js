// The price chart: prices, the anchor as steps with the band round it, trades and ex-dates.
(() => {
  "use strict";
  const place = document.getElementById("price-chart");
  if (!place || !window.LightweightCharts) return;
  const L = LightweightCharts;

  // Colours are the tokens; a probe resolves them for the scheme that is shown.
  const probe = document.createElement("span");
  probe.hidden = true;
  const colour = (token) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const faint = (rgb, share) => rgb.replace("rgb(", "rgba(").replace(")", `, ${share})`);

  const nothing = document.createElement("p");
  nothing.className = "quiet nothing";
  nothing.textContent = "No prices in this span. They come with the first decision, or with the next daily prices.";
  nothing.hidden = true;
  place.replaceChildren(nothing);
  document.body.append(probe);
  const chart = L.createChart(place, {
    autoSize: true,
    layout: { attributionLogo: false, fontSize: 12, fontFamily: getComputedStyle(document.body).fontFamily },
    crosshair: { mode: L.CrosshairMode.Normal },
    handleScroll: { vertTouchDrag: false },
    timeScale: { timeVisible: false, borderVisible: false },
    rightPriceScale: { borderVisible: false },
  });

  // The band between the prices at which it buys and sells, as a primitive under everything else.
  class Band {
    constructor() { this.points = []; this.fill = ""; }
    attached(parameters) { this.parameters = parameters; }
    updateAllViews() {}
    paneViews() {
      return [{ zOrder: () => "bottom", renderer: () => ({ draw: (target) => this.draw(target) }) }];
    }
    draw(target) {
      target.useBitmapCoordinateSpace((scope) => {
        const { chart: own, series } = this.parameters;
        const scale = own.timeScale();
        const at = (price) => series.priceToCoordinate(price) * scope.verticalPixelRatio;
        scope.context.fillStyle = this.fill;
        let before = null;
        for (const point of this.points) {
          const spot = scale.timeToCoordinate(point.time);
          if (spot === null) { before = null; continue; }
          const here = point.anchor === null ? null : { x: spot * scope.horizontalPixelRatio, point };
          if (before) {
            const top = at(before.point.sell);
            const end = here ? here.x : before.x;
            scope.context.fillRect(before.x, top, end - before.x, at(before.point.buy) - top);
          }
          before = here;
        }
      });
    }
  }

  const steps = (options) =>
    chart.addSeries(L.LineSeries, {
      lineType: L.LineType.WithSteps, priceLineVisible: false, crosshairMarkerVisible: false, ...options,
    });
  const number = (text) => (text === null ? null : Number(text));
  let price = null, marks = null, shown = null, looks = {};
  const band = new Band();
  const anchor = steps({ lineWidth: 2 });
  const sell = steps({ lineWidth: 1, lineStyle: L.LineStyle.Dashed });
  const buy = steps({ lineWidth: 1, lineStyle: L.LineStyle.Dashed });

  const paint = () => {
    const ink = colour("--quiet"), line = colour("--line");
    chart.applyOptions({
      layout: { background: { color: colour("--card") }, textColor: ink },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
    });
    anchor.applyOptions({ color: colour("--warn") });
    [sell, buy].forEach((level) => level.applyOptions({ color: colour("--accent") }));
    band.fill = faint(colour("--accent"), 0.09);
    looks = {
      buy: { position: "belowBar", shape: "arrowUp", color: colour("--gain"), text: "Buy" },
      sell: { position: "aboveBar", shape: "arrowDown", color: colour("--loss"), text: "Sell" },
      dividend: { position: "inBar", shape: "circle", color: ink, text: "Ex" },
      split: { position: "aboveBar", shape: "circle", color: colour("--warn"), text: "Split" },
    };
    if (price) price.applyOptions(shown.line ? { color: colour("--ink") } : candleColours());
    if (shown) mark();
  };
  const candleColours = () => ({
    upColor: colour("--gain"), downColor: colour("--loss"), wickUpColor: colour("--gain"),
    wickDownColor: colour("--loss"), borderVisible: false,
  });

  // Signs and words as well as colours: an arrow for each, and its word where its neighbours leave room for it.
  const WORD = 30;
  const mark = () => {
    const scale = chart.timeScale(), sides = { above: [], below: [] };
    const spots = shown.marks.map(([time, kind]) => {
      const side = looks[kind].position === "aboveBar" ? sides.above : sides.below;
      const at = scale.logicalToCoordinate(scale.timeToIndex(time, true));  // a trade may lie between two prices
      return { side, at, order: side.push(at) - 1, look: { time, ...looks[kind] } };
    });
    const near = (spot, step) => Math.abs(spot.side[spot.order + step] - spot.at) < WORD;
    marks.setMarkers(spots.map((spot) => (
      near(spot, -1) || near(spot, 1) ? { ...spot.look, text: "" } : spot.look
    )));
  };

  // All that is shown, with room for the names of the levels if there is any; until somebody looks closer.
  let fitted = true;
  const fit = () => {
    const wide = place.clientWidth >= 560;
    anchor.applyOptions({ title: wide ? "anchor" : "" });
    sell.applyOptions({ title: wide ? "sells" : "" });
    buy.applyOptions({ title: wide ? "buys" : "" });
    chart.applyOptions({ timeScale: { rightOffsetPixels: wide ? 56 : 4 } });
    if (fitted) chart.timeScale().fitContent();
  };
  ["wheel", "pointerdown"].forEach((deed) =>
    place.addEventListener(deed, () => { fitted = false; }, { capture: true, passive: true }),
  );
  chart.timeScale().subscribeSizeChange(fit);
  chart.timeScale().subscribeVisibleLogicalRangeChange(() => { if (shown) mark(); });

  const show = (told) => {
    const isNew = !shown || shown.line !== told.line;
    shown = told;
    if (isNew) {
      if (price) chart.removeSeries(price);
      price = told.line
        ? chart.addSeries(L.LineSeries, { lineWidth: 2, priceLineVisible: false })
        : chart.addSeries(L.CandlestickSeries, { priceLineVisible: false });
      price.attachPrimitive(band);
      marks = L.createSeriesMarkers(price, []);
      chart.applyOptions({ timeScale: { timeVisible: told.line } });
    }
    const points = told.points.map(([time, o, h, l, c, a, s, b]) => ({
      time, open: Number(o), high: Number(h), low: Number(l), close: Number(c),
      anchor: number(a), sell: number(s), buy: number(b),
    }));
    price.setData(points.map((p) => (told.line ? { time: p.time, value: p.close } : p)));
    const level = (name) => points.map((p) => (p[name] === null ? { time: p.time } : { time: p.time, value: p[name] }));
    anchor.setData(level("anchor"));
    sell.setData(level("sell"));
    buy.setData(level("buy"));
    band.points = points;
    paint();
    place.dataset.drawn = String(points.length);
    nothing.hidden = points.length > 0;
  };

  const load = async (all) => {
    const answer = await fetch(`${place.dataset.src}?range=${place.dataset.range}`, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    show(await answer.json());
    if (all) fitted = true;
    fit();
  };

  document.querySelectorAll("[data-ranges] [data-range]").forEach((link) =>
    link.addEventListener("click", (event) => {
      event.preventDefault();
      place.dataset.range = link.dataset.range;
      document.querySelectorAll("[data-ranges] [data-range]").forEach((one) => one.removeAttribute("aria-current"));
      link.setAttribute("aria-current", "true");
      load(true);
    }),
  );
  let soon = 0;
  document.body.addEventListener("position-changed", () => {
    clearTimeout(soon);
    soon = setTimeout(() => load(false), 300);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  paint();
  load(true);
})();
