// Charts are drawn on canvases: ten thousand marks are no burden for one.

const MARKS = 4;
// Beyond so many points intervals would only blacken a chart; picked points keep theirs.
const MOST_INTERVALS = 300;
const FONT = "12px system-ui, 'Segoe UI', Roboto, sans-serif";
let theme = readTheme();

// The colours of the style sheet, which knows light from dark.
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const names = ["ink", "muted", "rule", "paper", "accent", "tint"];
  const read = Object.fromEntries(names.map((name) => [name, colour(`--${name}`)]));
  return { ...read, methods: [0, 1, 2, 3, 4, 5, 6].map((nth) => colour(`--method-${nth}`)) };
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

// Clears a canvas at the size that it has on the page, sharp on dense screens.
function prepare(canvas) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const context = canvas.getContext("2d");
  context.scale(density, density);
  context.font = FONT;
  context.lineWidth = 1;
  return { context, width, height };
}

// A scale from numbers to pixels, linear or logarithmic.
function scale([low, high], [from, to], logarithmic = false) {
  const turned = logarithmic ? Math.log10 : (value) => value;
  const [start, end] = [turned(low), turned(high)];
  const span = end - start || 1;
  const at = (value) => from + ((turned(value) - start) / span) * (to - from);
  const back = (pixel) => {
    const value = start + ((pixel - from) / (to - from)) * span;
    return logarithmic ? 10 ** value : value;
  };
  return { at, back, low, high, logarithmic };
}

// Round numbers inside a scale, about as many as asked for.
function ticks({ low, high, logarithmic }, count) {
  if (logarithmic && high / low >= 10) return powers(low, high, count);
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const found = [];
  for (let nth = Math.ceil(low / step - 1e-9); nth * step <= high + step * 1e-9; nth += 1) found.push(nth * step);
  return found;
}

function powers(low, high, count) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const every = Math.max(1, Math.ceil((last - first + 1) / count));
  const found = [];
  for (let power = first; power <= last; power += every) found.push(10 ** power);
  return found.length > 1 ? found : [low, high];
}

function tickText(value) {
  return value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
    ? value.toExponential(0).replace("e+", "e")
    : String(Number(value.toPrecision(3)));
}

function line(context, from, to, colour) {
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

function write(context, text, [x, y], colour, align = "left") {
  context.fillStyle = colour;
  context.textAlign = align;
  context.fillText(text, x, y);
}

// The text, cut with an ellipsis where it is wider than its room.
function fitted(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let kept = text;
  while (kept.length > 1 && context.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
  return `${kept}…`;
}

function methodColour(point) {
  return theme.methods[POINTS.label[point] % theme.methods.length];
}

// The mark of a point: its colour says the method, after seven methods its shape does too.
function mark(context, point, [x, y], radius) {
  const shape = Math.floor(POINTS.label[point] / theme.methods.length) % MARKS;
  context.beginPath();
  if (shape === 0) context.arc(x, y, radius, 0, 2 * Math.PI);
  if (shape === 1) context.rect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8);
  if (shape === 2) polygon(context, [[x, y - radius * 1.15], [x + radius * 1.1, y + radius * 0.8], [x - radius * 1.1, y + radius * 0.8]]);
  if (shape === 3) polygon(context, [[x, y - radius * 1.25], [x + radius * 1.25, y], [x, y + radius * 1.25], [x - radius * 1.25, y]]);
}

function polygon(context, corners) {
  corners.forEach((corner, nth) => (nth === 0 ? context.moveTo(...corner) : context.lineTo(...corner)));
  context.closePath();
}

// How strongly marks are drawn, so that many of them stay legible.
function strength(count) {
  if (count > 3000) return 0.25;
  return count > 500 ? 0.5 : 0.9;
}

// Draws marks with their intervals; picked ones last, ringed. A spot is { point, x, y, low, high }, in pixels.
function drawSpots(context, spots) {
  const picked = new Set(selection.picks);
  const faded = picked.size > 0 ? 0.4 : 1;
  const radius = spots.length > 1500 ? 2 : 3.5;
  const withIntervals = spots.length <= MOST_INTERVALS;
  context.globalAlpha = strength(spots.length) * faded;
  for (const spot of spots) {
    if (picked.has(spot.point)) continue;
    if (withIntervals) drawInterval(context, spot, 0.45);
    context.fillStyle = methodColour(spot.point);
    mark(context, spot.point, [spot.x, spot.y], radius);
    context.fill();
  }
  context.globalAlpha = 1;
  for (const spot of spots) {
    if (!picked.has(spot.point)) continue;
    drawInterval(context, spot, 1);
    mark(context, spot.point, [spot.x, spot.y], 5);
    context.fillStyle = methodColour(spot.point);
    context.fill();
    context.strokeStyle = theme.ink;
    context.lineWidth = 1.5;
    context.stroke();
    context.lineWidth = 1;
  }
}

function drawInterval(context, spot, alpha) {
  if (spot.low === null || spot.low === undefined) return;
  const before = context.globalAlpha;
  context.globalAlpha = before * alpha;
  line(context, [spot.x, spot.low], [spot.x, spot.high], methodColour(spot.point));
  context.globalAlpha = before;
}

// The axis of scores on the left of a chart, with the ceiling as a dashed line.
function drawScoreAxis(context, vertical, [left, right]) {
  for (const value of ticks(vertical, 4)) {
    line(context, [left, vertical.at(value)], [right, vertical.at(value)], theme.rule);
    write(context, tickText(value), [left - 6, vertical.at(value) + 4], theme.muted, "right");
  }
  if (CEILING && CEILING.score !== null) {
    context.setLineDash([4, 4]);
    line(context, [left, vertical.at(CEILING.score)], [right, vertical.at(CEILING.score)], theme.muted);
    context.setLineDash([]);
  }
}

// From the lowest to the highest of what is drawn of the points that are shown, the ceiling included.
function scoreDomain() {
  let [low, high] = [0, CEILING?.score ?? 0];
  for (const point of shown) {
    if (POINTS.score[point] === null) continue;
    const drawn = shown.length <= MOST_INTERVALS || selection.picks.includes(point);
    low = Math.min(low, (drawn ? POINTS.score_low[point] : null) ?? POINTS.score[point]);
    high = Math.max(high, (drawn ? POINTS.score_high[point] : null) ?? POINTS.score[point]);
  }
  return [low, high > low ? high * 1.04 : low + 1];
}

// Says what is under the pointer, and picks it on a click. `spots` is read anew each time.
function attachPointer(canvas, spots) {
  const nearest = (event) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [best, least] = [null, 15 ** 2];
    for (const spot of spots()) {
      const distance = (spot.x - x) ** 2 + (spot.y - y) ** 2;
      if (distance < least) [best, least] = [spot, distance];
    }
    return best;
  };
  canvas.addEventListener("pointermove", (event) => showTip(event, nearest(event)?.point));
  canvas.addEventListener("pointerleave", (event) => showTip(event, undefined));
  canvas.addEventListener("click", (event) => {
    const spot = nearest(event);
    if (spot) togglePick(spot.point);
  });
}

function showTip(event, point) {
  const tip = document.getElementById("tip");
  tip.hidden = point === undefined;
  event.target.style.cursor = point === undefined ? "default" : "pointer";
  if (point === undefined) return;
  const score = POINTS.score[point];
  const interval = intervalText(POINTS.score_low[point], POINTS.score_high[point]);
  const second = score === null ? "no score" : `${decimals(score)}${interval && ` (${interval})`}, rank ${rankText(point)}`;
  tip.replaceChildren(element("strong", {}, POINTS.title[point]), element("br", {}), second);
  const room = document.documentElement.clientWidth;
  tip.style.left = `${Math.max(8, Math.min(event.clientX + 14, room - tip.offsetWidth - 8))}px`;
  tip.style.top = `${event.clientY + 18}px`;
}
