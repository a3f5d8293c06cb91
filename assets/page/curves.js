// Training curves of picked points: loss and shares right by epoch, loops one after another.

const RIGHT_OF = ["train", "retain", "forget", "validation"];
const DASHES = [[], [6, 4], [2, 3], [8, 3, 2, 3]];

function curves(host) {
  if (Object.keys(DATA.curves).length === 0) return () => {};
  const list = element("div", { class: "keys" });
  const note = element("p", { class: "note" });
  const canvases = new Map();
  const figures = element("div", { class: "curves" });
  host.append(element("h3", {}, "Training curves of picked points"), list, figures, note);
  return () => {
    const picks = pickedPoints().slice(0, MOST_PICKED);
    const drawn = picks.filter((point) => DATA.curves[point]);
    host.hidden = picks.length === 0;
    if (host.hidden) return;
    const tracks = drawn.map((point) => track(point, picks.indexOf(point)));
    list.replaceChildren(...tracks.map(({ nth, point }) => element("span", {}, pickKey(nth), `${nth + 1}. ${POINTS.title[point]}`)));
    note.textContent = curvesNote(picks, tracks);
    for (const chart of chartsOf(tracks)) {
      if (!canvases.has(chart.name)) canvases.set(chart.name, curvesCanvas(chart.name, figures));
    }
    for (const [name, canvas] of canvases) {
      const chart = chartsOf(tracks).find((own) => own.name === name);
      canvas.parentElement.hidden = !chart;
      if (chart) drawCurves(canvas, chart, tracks);
    }
  };
}

function curvesCanvas(name, host) {
  const canvas = element("canvas", { role: "img", "data-chart": `curves ${name}` });
  host.append(element("figure", { class: "chart" }, canvas));
  return canvas;
}

function pickKey(nth) {
  const made = element("i", {});
  made.style.background = pickColour(nth);
  return made;
}

// Picked points of one method must be told apart: here a colour belongs to a pick, by its number in the table of picks.
function pickColour(nth) {
  return theme.methods[nth % theme.methods.length];
}

// The lines of a point with where each begins: a loop after the one before it, rounds of one loop side by side.
function track(point, nth) {
  const lines = [];
  let [from, end, last] = [0, 0, null];
  for (const own of DATA.curves[point]) {
    if (own.loop !== last) from = end;
    last = own.loop;
    end = Math.max(end, from + own.epoch[own.epoch.length - 1]);
    lines.push({ ...own, from });
  }
  return { point, nth, lines, end };
}

// The loss, and the share right of every set that some point has one of.
function chartsOf(tracks) {
  if (tracks.length === 0) return [];
  const has = (kind) => RIGHT_OF.filter((set) => tracks.some((own) => own.lines.some((line) => line[kind][set])));
  const loss = { name: "loss", title: "↑ Training loss", values: (line) => line.loss, bands: true, unit: 1 };
  const right = (set) => ({ name: set, title: `↑ Right in training batches, ${set}, %`, values: (line) => line.right[set] ?? null, bands: false, unit: 100 });
  const accuracy = (set) => ({ name: `accuracy ${set}`, title: `↑ Accuracy, ${set}, %`, values: (line) => line.accuracy[set] ?? null, bands: false, unit: 100 });
  return [loss, ...has("right").map(right), ...has("accuracy").map(accuracy)];
}

function drawCurves(canvas, chart, tracks) {
  const { context, width, height } = prepare(canvas);
  const [left, right, top, bottom] = [50, width - 26, 28, height - 38];
  const horizontal = scale([0, Math.max(...tracks.map((own) => own.end))], [left, right]);
  const vertical = curvesScale(chart, tracks, [bottom, top]);
  write(context, fitted(context, vertical.logarithmic ? `${chart.title} (logarithmic)` : chart.title, width - 8), [4, 14], theme.ink);
  write(context, "Epochs of training →", [right, height - 4], theme.muted, "right");
  for (const value of ticks(vertical, 4)) {
    line(context, [left, vertical.at(value)], [right, vertical.at(value)], theme.rule);
    write(context, tickText(value), [left - 6, vertical.at(value) + 4], theme.muted, "right");
  }
  for (const value of ticks(horizontal, 5)) {
    line(context, [horizontal.at(value), bottom], [horizontal.at(value), bottom + 4], theme.muted);
    write(context, tickText(value), [horizontal.at(value), bottom + 17], theme.muted, "center");
  }
  const tips = tracks.map((own) => drawTrack(context, chart, own, horizontal, vertical)).filter((tip) => tip !== null);
  drawNumbers(context, tips);
  describe(canvas, tips.length, `${chart.title.replace("↑ ", "")}, by epoch`);
}

function curvesScale(chart, tracks, room) {
  const lines = tracks.flatMap((own) => own.lines);
  const all = lines.flatMap((own) => [chart.values(own) ?? [], ...(chart.bands ? [own.low ?? [], own.high ?? []] : [])]).flat();
  const [low, high] = ends(all.filter((value) => value !== null).map((value) => value * chart.unit));
  if (chart.bands && low > 0 && high / low >= 50) return scale([low, high], room, true);
  const air = (high - low) * 0.04 || Math.abs(high) * 0.1 || 0.1;
  return scale([low - air, high + air], room);
}

// One point: a band from its lowest run to its highest, the mean as a line, a ring where a further loop begins. Returns where it ends.
function drawTrack(context, chart, { nth, lines }, horizontal, vertical) {
  const colour = pickColour(nth);
  let tip = null;
  for (const own of lines) {
    const values = chart.values(own);
    if (values === null) continue;
    const place = (at, value) => [horizontal.at(own.from + own.epoch[at]), vertical.at(value * chart.unit)];
    if (chart.bands && own.low) drawBand(context, own, place, colour);
    const places = values.map((value, at) => (value === null ? null : place(at, value))).filter((spot) => spot !== null);
    if (places.length === 0) continue;
    drawMean(context, places, colour, DASHES[(own.round - 1) % DASHES.length]);
    if (own.from > 0) ring(context, places[0], colour);
    tip = places[places.length - 1];
  }
  return tip && { nth, x: tip[0], y: tip[1] };
}

// The numbers of points at the ends of their lines, below one another where they would lie on one another.
function drawNumbers(context, tips) {
  const placed = [];
  for (const { nth, x, y } of tips.sort((one, other) => one.y - other.y)) {
    const near = placed.filter((other) => Math.abs(other.x - x) < 14).map((other) => other.y + 12);
    const own = { x, y: Math.max(y, ...near) };
    placed.push(own);
    write(context, String(nth + 1), [x + 5, own.y + 4], pickColour(nth));
  }
}

function drawBand(context, own, place, colour) {
  context.globalAlpha = 0.15;
  context.fillStyle = colour;
  context.beginPath();
  polygon(context, [...own.low.map((value, at) => place(at, value)), ...own.high.map((value, at) => place(at, value)).reverse()]);
  context.fill();
  context.globalAlpha = 1;
}

function drawMean(context, places, colour, dashes) {
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = 2;
  context.setLineDash(dashes);
  context.beginPath();
  places.forEach((spot, at) => (at === 0 ? context.moveTo(...spot) : context.lineTo(...spot)));
  context.stroke();
  context.setLineDash([]);
  context.lineWidth = 1;
  if (places.length > 1) return;
  context.beginPath();
  context.arc(...places[0], 3, 0, 2 * Math.PI);
  context.fill();
}

function ring(context, [x, y], colour) {
  context.beginPath();
  context.arc(x, y, 4, 0, 2 * Math.PI);
  context.fillStyle = theme.paper;
  context.fill();
  context.strokeStyle = colour;
  context.stroke();
}

function curvesNote(picks, tracks) {
  const lines = tracks.flatMap((own) => own.lines);
  const without = picks.length - tracks.length;
  return [
    "Mean over a point's runs; losses are those that its loops minimise, so that methods with other losses have other scales.",
    lines.some((own) => own.low) ? "The band reaches from the lowest run to the highest." : "",
    lines.some((own) => own.loop > 1) ? "A ring is the beginning of a further loop." : "",
    lines.some((own) => own.round > 1) ? "Rounds that take turns are lines of their own: the first is solid, later ones are dashed." : "",
    lines.some((own) => Object.keys(own.right).length > 0) ? "Right is what the network took for its label, of the images that it was about to learn from." : "",
    lines.some((own) => Object.keys(own.accuracy).length > 0) ? "Accuracies were measured between epochs, on at most 512 images of a set." : "",
    without > 0 ? `${without} of the picked points ${without === 1 ? "has" : "have"} no curves here.` : "",
  ].filter((sentence) => sentence !== "").join(" ");
}
