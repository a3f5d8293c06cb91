// What is shown and what is picked: one selection for the table and all charts, kept in the address of the page.

const SCORE = "score";
const selection = {
  text: "",
  labels: new Set(),
  // Chosen values by the name of their axis, and ranges by the name of an axis or SCORE.
  values: new Map(),
  ranges: new Map(),
  sort: { column: SCORE, descending: true },
  picks: [],
  page: 0,
};
// The points that pass the filter, in the order of the table.
let shown = [];
const listeners = [];

function onChange(listener) {
  listeners.push(listener);
}

// Applies a change to the selection; everything on the page follows.
function change(apply) {
  apply(selection);
  renew();
  writeAddress();
}

// Filters and sorts anew, and tells everyone.
function renew() {
  shown = [];
  const words = selection.text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  for (let point = 0; point < COUNT; point += 1) {
    if (passes(point, words)) shown.push(point);
  }
  sortShown();
  const last = Math.max(0, Math.ceil(shown.length / rowsPerPage) - 1);
  selection.page = Math.min(selection.page, last);
  for (const listener of listeners) listener();
}

function passes(point, words) {
  if (!words.every((word) => TITLES[point].includes(word))) return false;
  if (selection.labels.size > 0 && !selection.labels.has(LABELS[POINTS.label[point]])) return false;
  return AXES.every((axis) => passesAxis(axis, point)) && within(selection.ranges.get(SCORE), POINTS.score[point]);
}

function passesAxis(axis, point) {
  const at = axis.at[point];
  const chosen = selection.values.get(axis.name);
  if (chosen && chosen.size > 0 && (at === null || !chosen.has(axis.texts[at]))) return false;
  return within(selection.ranges.get(axis.name), at === null ? null : axis.values[at]);
}

// Whether a number lies in a range, either end of which may be open; what has no number lies in none.
function within(range, value) {
  if (!range) return true;
  if (typeof value !== "number") return false;
  return (range[0] === null || value >= range[0]) && (range[1] === null || value <= range[1]);
}

function sortShown() {
  const column = COLUMNS.find((own) => own.key === selection.sort.column) ?? COLUMNS.find((own) => own.key === SCORE);
  const sign = selection.sort.descending ? -1 : 1;
  const keys = Array.from({ length: COUNT }, (_, point) => column.value(point));
  // What has no value comes last either way, and equals stay in the order of the grid.
  shown.sort((one, other) => {
    const [left, right] = [keys[one], keys[other]];
    if (left === null || right === null) return (left === null) - (right === null) || one - other;
    const order = typeof left === "number" && typeof right === "number" ? left - right : compareText(left, right);
    return sign * order || one - other;
  });
}

function compareText(left, right) {
  const [one, other] = [String(left), String(right)];
  return one < other ? -1 : Number(one > other);
}

function isFiltered() {
  const chosen = [...selection.values.values()].some((values) => values.size > 0);
  return selection.text.trim() !== "" || selection.labels.size > 0 || chosen || selection.ranges.size > 0;
}

function clearFilter(own) {
  own.text = "";
  own.labels = new Set();
  own.values = new Map();
  own.ranges = new Map();
  own.page = 0;
}

function toggle(set, member) {
  if (!set.delete(member)) set.add(member);
}

function togglePick(point) {
  change((own) => {
    own.picks = own.picks.includes(point) ? own.picks.filter((other) => other !== point) : [...own.picks, point];
  });
}

function writeAddress() {
  const words = new URLSearchParams();
  if (selection.text.trim() !== "") words.set("find", selection.text.trim());
  for (const label of selection.labels) words.append("method", label);
  for (const [name, values] of selection.values) {
    for (const value of values) words.append(`is.${name}`, value);
  }
  for (const [name, [low, high]] of selection.ranges) {
    words.set(`in.${name}`, `${low ?? ""}..${high ?? ""}`);
  }
  const { column, descending } = selection.sort;
  if (column !== SCORE || !descending) words.set("sort", (descending ? "-" : "") + column);
  if (selection.picks.length > 0) words.set("pick", selection.picks.join("."));
  if (selection.page > 0) words.set("page", String(selection.page + 1));
  const address = `#${words}`;
  if (address !== (location.hash || "#")) history.replaceState(null, "", address);
}

// Reads the selection from the address. Whoever wrote it may know another version of the sweep: what isn't there is ignored.
function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  clearFilter(selection);
  selection.text = words.get("find") ?? "";
  selection.labels = new Set(words.getAll("method").filter((label) => LABELS.includes(label)));
  for (const axis of AXES) {
    const values = words.getAll(`is.${axis.name}`).filter((value) => axis.texts.includes(value));
    if (values.length > 0) selection.values.set(axis.name, new Set(values));
  }
  for (const name of [SCORE, ...AXES.filter((axis) => axis.numeric).map((axis) => axis.name)]) {
    const ends = (words.get(`in.${name}`) ?? "").split("..").map(readNumber);
    if (ends.length === 2 && (ends[0] !== null || ends[1] !== null)) selection.ranges.set(name, ends);
  }
  const sort = words.get("sort") ?? `-${SCORE}`;
  selection.sort = { column: sort.replace(/^-/, ""), descending: sort.startsWith("-") };
  const picks = (words.get("pick") ?? "").split(".").map(readNumber);
  selection.picks = [...new Set(picks.filter((point) => Number.isInteger(point) && point >= 0 && point < COUNT))];
  const page = readNumber(words.get("page") ?? "");
  selection.page = Number.isInteger(page) && page > 0 ? page - 1 : 0;
}

function readNumber(text) {
  const number = Number(text);
  return text.trim() === "" || !Number.isFinite(number) ? null : number;
}
