// The score against each axis: one small chart an axis, all with one vertical scale.

function slices(host) {
  const charts = AXES.map((axis) => slice(axis, host));
  return () => {
    const domain = scoreDomain();
    for (const draw of charts) draw(domain);
  };
}

function slice(axis, host) {
  const canvas = element("canvas", { role: "img", "data-chart": `axis ${axis.name}` });
  host.append(element("figure", { class: "chart" }, canvas));
  let spots = [];
  attachPointer(canvas, () => spots);
  return (domain) => {
    const { context, width, height } = prepare(canvas);
    const [left, right, top, bottom] = [46, width - 12, 26, height - 24];
    const vertical = scale(domain, [bottom, top]);
    const horizontal = axisScale(axis, [left + 14, right - 14]);
    write(context, fitted(context, axis.name, width - 20), [4, 14], theme.ink);
    drawScoreAxis(context, vertical, [left, right]);
    drawAxisTicks(context, axis, horizontal, bottom, right - left);
    spots = sliceSpots(axis, horizontal, vertical);
    drawSpots(context, spots);
    drawMedians(context, axis, horizontal, vertical);
    describe(canvas, spots.length, `Score against ${axis.name}`);
  };
}

// Places of the values of an axis: to scale where they are numbers, side by side where they are words.
function axisScale(axis, room) {
  if (!axis.numeric) return scale([0, Math.max(1, axis.values.length - 1)], room);
  return scale([axis.below ?? axis.values[0], axis.values[axis.values.length - 1]], room, axis.logarithmic);
}

function placeOn(axis, horizontal, at) {
  if (!axis.numeric) return horizontal.at(at);
  return horizontal.at(axis.below !== null && axis.values[at] === 0 ? axis.below : axis.values[at]);
}

// Where ticks stand on the scale of an axis of numbers, and their texts: every value where there are few.
function numberTicks(axis, own, few, about) {
  if (axis.values.length <= few) return axis.values.map((value, at) => [placeOn(axis, own, at), tickText(value)]);
  const round = ticks(own, about).filter((value) => axis.below === null || value > axis.below);
  const zero = axis.below === null ? [] : [[own.at(axis.below), "0"]];
  return [...zero, ...round.map((value) => [own.at(value), tickText(value)])];
}

function sliceSpots(axis, horizontal, vertical) {
  const spots = [];
  for (const point of shown) {
    if (axis.at[point] === null || POINTS.score[point] === null) continue;
    // Points of one value lie beside each other rather than on one another; where is fixed by their number.
    const jitter = ((point * 0.618034) % 1) - 0.5;
    const end = (value) => (value === null ? null : vertical.at(value));
    spots.push({
      point,
      x: placeOn(axis, horizontal, axis.at[point]) + 14 * jitter,
      y: vertical.at(POINTS.score[point]),
      low: end(POINTS.score_low[point]),
      high: end(POINTS.score_high[point]),
    });
  }
  return spots;
}

function drawAxisTicks(context, axis, horizontal, bottom, width) {
  const places = axis.numeric
    ? numberTicks(axis, horizontal, 6, 4)
    : axis.texts.map((text, at) => [horizontal.at(at), fitted(context, text, width / axis.texts.length)]);
  let taken = -Infinity;
  for (const [x, text] of places) {
    const half = context.measureText(text).width / 2;
    line(context, [x, bottom], [x, bottom + 4], theme.muted);
    if (x - half < taken + 6) continue;
    write(context, text, [x, bottom + 17], theme.muted, "center");
    taken = x + half;
  }
}

// The median score at each value, where there are few values and several points at them.
function drawMedians(context, axis, horizontal, vertical) {
  if (axis.values.length > 30) return;
  const groups = axis.values.map(() => []);
  for (const point of shown) {
    if (axis.at[point] !== null && POINTS.score[point] !== null) groups[axis.at[point]].push(POINTS.score[point]);
  }
  context.lineWidth = 2;
  groups.forEach((scores, at) => {
    if (scores.length < 3) return;
    const [x, y] = [placeOn(axis, horizontal, at), vertical.at(median(scores))];
    line(context, [x - 11, y], [x + 11, y], theme.ink);
  });
  context.lineWidth = 1;
}

function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// What a chart shows, for readers that don't see it, and for the test that counts.
function describe(canvas, count, about) {
  canvas.setAttribute("aria-label", `${about}: ${count} points`);
  canvas.dataset.points = String(count);
}
