// Parallel coordinates: one line a point through its method, its value on every axis, and its score.
// Dragging along an axis keeps what lies in that range.

function parallel(host) {
  const canvas = element("canvas", { role: "img", class: "wide", "data-chart": "parallel" });
  host.append(element("figure", { class: "chart wide" }, canvas));
  let [columns, spots] = [[], []];
  attachPointer(canvas, () => spots);
  attachBrush(canvas, () => columns);
  return () => {
    const { context, width, height } = prepare(canvas);
    columns = parallelColumns(context, width, height);
    spots = [];
    drawLines(context, columns, spots);
    for (const column of columns) drawColumn(context, column, width);
    describe(canvas, shown.filter((point) => POINTS.score[point] !== null).length, "Parallel coordinates");
  };
}

function parallelColumns(context, width, height) {
  const room = [height - 30, 34];
  const byWord = (texts) => scale([0, Math.max(1, texts.length - 1)], room);
  const methods = { name: "method", texts: LABELS, at: (point) => byWord(LABELS).at(POINTS.label[point]), words: byWord(LABELS) };
  const axes = AXES.map((axis) => {
    const own = axis.numeric ? axisScale(axis, room) : byWord(axis.texts);
    // What has no value on this axis runs below it.
    const at = (point) => (axis.at[point] === null ? height - 8 : placeOn(axis, own, axis.at[point]));
    return { name: axis.name, axis, at, numbers: axis.numeric ? own : null, words: own, texts: axis.texts };
  });
  const score = scale(scoreDomain(), room);
  const last = { name: SCORE, at: (point) => score.at(POINTS.score[point]), numbers: score };
  const columns = [...(LABELS.length > 1 ? [methods] : []), ...axes, last];
  const [left, right] = [Math.min(110, 10 + widest(context, columns[0])), width - 52];
  const step = (right - left) / Math.max(1, columns.length - 1);
  return columns.map((column, nth) => ({ ...column, x: left + nth * step, room: nth === 0 ? left : step, first: nth === 0 }));
}

function widest(context, column) {
  const texts = column.texts ?? ["0.000"];
  return Math.max(...texts.slice(0, 40).map((text) => context.measureText(text).width));
}

function drawLines(context, columns, spots) {
  const picked = new Set(selection.picks);
  const scored = shown.filter((point) => POINTS.score[point] !== null);
  const alpha = Math.max(0.03, Math.min(0.55, 30 / Math.sqrt(scored.length * 100))) * (picked.size > 0 ? 0.5 : 1);
  // The best are drawn last, on top of the others.
  for (const point of [...scored].sort((one, other) => POINTS.score[one] - POINTS.score[other])) {
    if (!picked.has(point)) drawLine(context, columns, spots, point, alpha);
  }
  context.lineWidth = 2.5;
  for (const point of scored.filter((own) => picked.has(own))) drawLine(context, columns, spots, point, 1);
  context.lineWidth = 1;
  context.globalAlpha = 1;
}

function drawLine(context, columns, spots, point, alpha) {
  context.globalAlpha = alpha;
  context.strokeStyle = methodColour(point);
  context.beginPath();
  for (const column of columns) {
    const y = column.at(point);
    context.lineTo(column.x, y);
    // One place in three thousand lines is told from its neighbours on the axis of scores alone.
    if (column.name === SCORE) spots.push({ point, x: column.x, y });
  }
  context.stroke();
}

function drawColumn(context, column, width) {
  const [bottom, top] = [context.canvas.clientHeight - 30, 34];
  line(context, [column.x, top - 4], [column.x, bottom + 4], theme.muted);
  const align = column.first ? "left" : column.name === SCORE ? "right" : "center";
  const head = fitted(context, column.name, column.first ? 110 : column.room - 8);
  const x = column.first ? 4 : Math.min(column.x + (align === "right" ? 44 : 0), width - 4);
  write(context, head, [x, 16], theme.ink, align);
  for (const [y, text] of columnTicks(column)) {
    const shownText = fitted(context, text, column.first ? column.room - 8 : 44);
    if (column.first) write(context, shownText, [column.x - 6, y + 4], theme.muted, "right");
    else label(context, shownText, [column.x + 6, y + 4]);
  }
  drawRange(context, column);
}

// Text over lines: on a little of the paper's colour.
function label(context, text, [x, y]) {
  context.globalAlpha = 0.75;
  context.fillStyle = theme.paper;
  context.fillRect(x - 2, y - 11, context.measureText(text).width + 4, 14);
  context.globalAlpha = 1;
  write(context, text, [x, y], theme.muted);
}

function columnTicks(column) {
  if (column.numbers && column.axis) return apart(numberTicks(column.axis, column.numbers, 8, 5));
  if (column.numbers) return apart(ticks(column.numbers, 5).map((value) => [column.numbers.at(value), tickText(value)]));
  return apart(column.texts.map((text, at) => [column.words.at(at), text]));
}

// Those ticks that leave room for each other.
function apart(places) {
  let taken = Infinity;
  return places.filter(([y]) => {
    if (Math.abs(taken - y) < 14) return false;
    taken = y;
    return true;
  });
}

function drawRange(context, column) {
  const range = column.numbers && selection.ranges.get(column.name);
  if (!range) return;
  const end = (value, open) => column.numbers.at(value === null || (value <= 0 && column.numbers.logarithmic) ? open : value);
  const [from, to] = [end(range[0], column.numbers.low), end(range[1], column.numbers.high)];
  context.globalAlpha = 0.25;
  context.fillStyle = theme.accent;
  context.fillRect(column.x - 7, Math.min(from, to), 14, Math.abs(from - to));
  context.globalAlpha = 1;
}

function attachBrush(canvas, columns) {
  let drag = null;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    const [x, y] = place(event);
    const column = columns().find((own) => own.numbers && Math.abs(own.x - x) < 12);
    drag = column ? { column, y } : null;
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const [{ column, y: from }, [, to]] = [drag, place(event)];
    drag = null;
    if (Math.abs(to - from) < 6) return;
    const below = column.axis?.below ?? null;
    const value = (pixel) => {
      const found = Number(column.numbers.back(pixel).toPrecision(3));
      return below !== null && found <= below ? 0 : found;
    };
    const ends = [from, to].map(value).sort((one, other) => one - other);
    change((own) => {
      own.ranges.set(column.name, ends);
      own.page = 0;
    });
  });
}
