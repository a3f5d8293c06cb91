// Utility against score of forgetting, and the front: the points that no other beats in both.

function tradeoff(host) {
  const canvas = element("canvas", { role: "img", "data-chart": "trade-off" });
  host.append(element("figure", { class: "chart double" }, canvas));
  let spots = [];
  attachPointer(canvas, () => spots);
  return () => {
    const { context, width, height } = prepare(canvas);
    const [left, right, top, bottom] = [46, width - 14, 34, height - 40];
    const points = shown.filter((point) => POINTS.quality[point] !== null && POINTS.test[point] !== null);
    const [horizontal, vertical] = tradeoffScales(points, [left, right], [bottom, top]);
    drawTradeoffAxes(context, horizontal, vertical, [left, right, top, bottom]);
    drawReferences(context, horizontal, vertical);
    drawFront(context, horizontal, vertical, front(points));
    spots = points.map((point) => tradeoffSpot(point, horizontal, vertical));
    drawSpots(context, spots);
    describe(canvas, spots.length, `${DATA.test} accuracy against forgetting quality`);
  };
}

function tradeoffScales(points, across, up) {
  const references = DATA.references.filter((own) => own.quality !== null && own.test !== null);
  const qualities = [0, ...references.map((own) => own.quality), ...points.map((point) => POINTS.quality[point])];
  const tests = [...references.map((own) => own.test), ...points.map((point) => POINTS.test[point])];
  const [low, high] = tests.length > 0 ? ends(tests) : [0, 1];
  const air = Math.max((high - low) * 0.08, 0.005);
  const most = ends(qualities)[1] || 1;
  return [scale([-0.03 * most, 1.05 * most], across), scale([100 * (low - air), 100 * (high + air)], up)];
}

// Least and greatest of many numbers; they may be too many for the arguments of one call.
function ends(numbers) {
  return numbers.reduce(([low, high], number) => [Math.min(low, number), Math.max(high, number)], [Infinity, -Infinity]);
}

function tradeoffSpot(point, horizontal, vertical) {
  const [test, half] = [POINTS.test[point], POINTS.test_half[point]];
  return {
    point,
    x: horizontal.at(POINTS.quality[point]),
    y: vertical.at(100 * test),
    low: half === null ? null : vertical.at(100 * (test - half)),
    high: half === null ? null : vertical.at(100 * (test + half)),
  };
}

// The points that no other beats in forgetting quality and in accuracy, best forgetting first.
function front(points) {
  const order = [...points].sort(
    (one, other) => POINTS.quality[other] - POINTS.quality[one] || POINTS.test[other] - POINTS.test[one],
  );
  let best = -Infinity;
  return order.filter((point) => {
    if (POINTS.test[point] <= best) return false;
    best = POINTS.test[point];
    return true;
  });
}

function drawTradeoffAxes(context, horizontal, vertical, [left, right, top, bottom]) {
  write(context, `↑ ${DATA.test} accuracy, %`, [4, 16], theme.ink);
  write(context, "Forgetting quality →", [right, bottom + 34], theme.ink, "right");
  for (const value of ticks(vertical, 5)) {
    line(context, [left, vertical.at(value)], [right, vertical.at(value)], theme.rule);
    write(context, tickText(value), [left - 6, vertical.at(value) + 4], theme.muted, "right");
  }
  for (const value of ticks(horizontal, 5).filter((own) => own >= 0)) {
    line(context, [horizontal.at(value), bottom], [horizontal.at(value), bottom + 4], theme.muted);
    write(context, tickText(value), [horizontal.at(value), bottom + 17], theme.muted, "center");
  }
}

function drawFront(context, horizontal, vertical, points) {
  context.strokeStyle = theme.muted;
  context.lineWidth = 1.5;
  context.beginPath();
  points.forEach((point, nth) => {
    const [x, y] = [horizontal.at(POINTS.quality[point]), vertical.at(100 * POINTS.test[point])];
    if (nth > 0) context.lineTo(x, vertical.at(100 * POINTS.test[points[nth - 1]]));
    context.lineTo(x, y);
  });
  context.stroke();
  context.lineWidth = 1;
}

function drawReferences(context, horizontal, vertical) {
  for (const own of DATA.references) {
    if (own.quality === null || own.test === null) continue;
    const [x, y] = [horizontal.at(own.quality), vertical.at(100 * own.test)];
    write(context, own.kind === "ceiling" ? "★" : "✕", [x, y + 5], theme.ink, "center");
    const toTheLeft = own.kind === "ceiling";
    write(context, own.kind, [x + (toTheLeft ? -10 : 10), y + 4], theme.muted, toTheLeft ? "right" : "left");
  }
}
