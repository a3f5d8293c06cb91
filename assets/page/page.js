// Puts the page together. Where this doesn't run, the tables and figures of the page stand as they are.

function begin() {
  const place = (name) => document.getElementById(name);
  document.documentElement.classList.add("live");
  place("explore").hidden = false;
  const parts = [controls(place("filter")), table(place("table")), picked(place("picked"))];
  const charts = [tradeoff(place("charts")), importance(place("charts")), parallel(place("charts")), slices(place("charts"))];
  charts.push(curves(place("curves")));
  const drawCharts = () => charts.forEach((draw) => draw());
  for (const part of parts) onChange(part);
  onChange(drawCharts);
  readAddress();
  renew();
  window.addEventListener("hashchange", () => {
    readAddress();
    renew();
  });
  redrawOn(drawCharts);
  // The time at which everything is there, in milliseconds since the page was asked for.
  document.documentElement.dataset.ready = performance.now().toFixed(0);
}

// Charts follow the width of the window and the colours of the system.
function redrawOn(drawCharts) {
  let waiting = 0;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(drawCharts);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    theme = readTheme();
    drawCharts();
  });
}

if (COUNT > 0) begin();
