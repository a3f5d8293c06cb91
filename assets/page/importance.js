// How much of the variance of the scores each axis explains, one axis at a time.

const BINS = 10;

function importance(host) {
  const list = element("div", { class: "bars", "data-chart": "importance" });
  host.append(
    element("figure", { class: "chart side" },
      element("figcaption", {}, "Share of the variance of the scores shown that each axis explains by itself, less what as many groups explain ",
        `by chance (ε²). Axes of more than ${BINS} numbers are cut into ${BINS} groups of equal size. What axes do only together shows nowhere.`),
      list),
  );
  return () => {
    const scored = shown.filter((point) => POINTS.score[point] !== null);
    list.dataset.points = String(scored.length);
    const rows = explained(scored).sort((one, other) => (other.share ?? -1) - (one.share ?? -1));
    list.replaceChildren(...rows.map(bar));
  };
}

function bar({ name, share }) {
  const meter = element("span", { class: "meter" }, element("span", {}));
  meter.firstChild.style.width = `${100 * (share ?? 0)}%`;
  const text = share === null ? "–" : `${Math.round(100 * share)} %`;
  return element("div", {}, element("span", { class: "name", title: name }, name), meter, element("span", { class: "number" }, text));
}

function explained(points) {
  const methods = { name: "method", groups: points.map((point) => POINTS.label[point]) };
  const axes = AXES.map((axis) => ({ name: axis.name, groups: groupsOf(axis, points) }));
  const all = LABELS.length > 1 ? [methods, ...axes] : axes;
  return all.map(({ name, groups }) => ({ name, share: epsilonSquared(points, groups) }));
}

// The group of each point on an axis; null where it has no value.
function groupsOf(axis, points) {
  if (!axis.numeric || axis.values.length <= BINS) return points.map((point) => axis.at[point]);
  const order = points.map((point) => axis.at[point]).filter((at) => at !== null).sort((one, other) => one - other);
  const bounds = Array.from({ length: BINS - 1 }, (_, nth) => order[Math.floor(((nth + 1) * order.length) / BINS)]);
  return points.map((point) => (axis.at[point] === null ? null : bounds.filter((bound) => axis.at[point] >= bound).length));
}

// One-way analysis of variance; null where there aren't two groups, or no group has two points.
function epsilonSquared(points, groups) {
  const sums = new Map();
  let [count, sum, squares] = [0, 0, 0];
  points.forEach((point, nth) => {
    if (groups[nth] === null) return;
    const score = POINTS.score[point];
    const own = sums.get(groups[nth]) ?? { count: 0, sum: 0 };
    sums.set(groups[nth], { count: own.count + 1, sum: own.sum + score });
    [count, sum, squares] = [count + 1, sum + score, squares + score * score];
  });
  const within = count - sums.size;
  const total = squares - (sum * sum) / count;
  if (sums.size < 2 || within < 1 || !(total > 0)) return null;
  const between = [...sums.values()].reduce((all, own) => all + own.sum ** 2 / own.count, 0) - (sum * sum) / count;
  const chance = ((sums.size - 1) * (total - between)) / within;
  return Math.min(1, Math.max(0, (between - chance) / total));
}
