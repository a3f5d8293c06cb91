// The points of the sweep as the page carries them: columns of equal length, one entry a point, in the order of the grid.
// Text from a grid or a worker is only ever put into text nodes and attributes, never into markup.

const DATA = JSON.parse(document.getElementById("points").textContent);
const POINTS = DATA.points;
const COUNT = POINTS.title.length;
const LABELS = DATA.labels;
const TITLES = POINTS.title.map((title) => title.toLowerCase());
// Each axis has a name, its values in order, and for every point which of them it has (null: none).
const AXES = DATA.axes.map(readAxis);
const [CEILING, FLOOR] = ["ceiling", "floor"].map((kind) => DATA.references.find((own) => own.kind === kind));

function readAxis(axis) {
  const numeric = axis.values.every((value) => typeof value === "number");
  // Where a 0 stands before powers, it is drawn one step below the least of them.
  const powers = numeric && axis.values[0] === 0 ? axis.values.slice(1) : axis.values;
  const logarithmic = numeric && powers.length > 1 && isLogarithmic(powers);
  const below = logarithmic && powers.length < axis.values.length ? powers[0] ** 2 / powers[1] : null;
  return { ...axis, numeric, logarithmic, below, texts: axis.values.map(valueText) };
}

// Whether values, in ascending order, are spread like powers: over a decade, with the middle nearer to the geometric mean.
function isLogarithmic(values) {
  const [low, high] = [values[0], values[values.length - 1]];
  if (low <= 0 || high / low < 10) return false;
  const middle = values[Math.floor(values.length / 2)];
  const distance = (mean) => Math.abs(Math.log(middle / mean));
  return values.length < 3 || distance(Math.sqrt(low * high)) <= distance((low + high) / 2);
}

function axisValue(axis, point) {
  const at = axis.at[point];
  return at === null ? null : axis.values[at];
}

// A hyper-parameter in at most four digits; the title of the point has them all.
function valueText(value) {
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
}

// A score as text: three decimals, four below 0.01, and never 0 where it isn't.
function decimals(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 0.00995) return value.toFixed(3);
  return size >= 0.00005 ? value.toFixed(4) : value.toExponential(0);
}

function intervalText(low, high) {
  return low === null ? "" : `${decimals(low)} – ${decimals(high)}`.replaceAll("-", "−");
}

function percentText(fraction, half) {
  if (fraction === null) return "";
  return (100 * fraction).toFixed(1) + (half === null ? "" : ` ± ${(100 * half).toFixed(1)}`);
}

// The ranks that a point may have: "3", "2–7", or a dash where it has no score.
function rankText(point) {
  const [best, worst] = [POINTS.rank_best[point], POINTS.rank_worst[point]];
  if (best === null) return "–";
  return best === worst ? String(best) : `${best}–${worst}`;
}

// Score of one point less that of another with its interval, where the report compared the two; else without.
function difference(one, other) {
  const { points, value, low, high, real } = DATA.differences;
  const [row, column] = [points.indexOf(one), points.indexOf(other)];
  if (row < 0 || column < 0) {
    return { value: POINTS.score[one] - POINTS.score[other], low: null, high: null, real: false };
  }
  // The triangle above the diagonal is written out row by row.
  const [first, second] = [Math.min(row, column), Math.max(row, column)];
  const at = first * points.length - (first * (first + 1)) / 2 + (second - first - 1);
  const found = { value: value[at], low: low[at], high: high[at], real: real[at] };
  if (row < column || found.value === null) return found;
  const [below, above] = found.low === null ? [null, null] : [-found.high, -found.low];
  return { value: -found.value, low: below, high: above, real: found.real };
}
