// The table of points: a page of rows at a time, sorted by any column.

const MOST_AXES = 7;
const PAGE_SIZES = [20, 100, 500];
let rowsPerPage = PAGE_SIZES[0];
const COLUMNS = columns();

// A column has a key for the address, a head, the value that it is sorted by, and what stands in its cells.
function columns() {
  const plain = (key, head, value, cell) => ({ key, head, value, cell, number: true });
  const column = (key, head, text) => plain(key, head, (point) => POINTS[key][point], text);
  const percent = (key, head) => column(key, head, (point) => percentText(POINTS[key][point], POINTS[`${key}_half`][point]));
  const estimate = (key, head) => column(key, head, (point) => withInterval(key, point));
  const optional = (own) => (POINTS[own.key].some((value) => value !== null) ? [own] : []);
  const varying = (own) => (POINTS[own.key].some((value) => value !== POINTS[own.key][0]) ? [own] : []);
  const axes = AXES.length > MOST_AXES ? [] : AXES.map((axis) => ({
    key: `x.${axis.name}`,
    head: axis.name,
    value: (point) => axisValue(axis, point),
    cell: (point) => (axis.at[point] === null ? "" : axis.texts[axis.at[point]]),
    number: axis.numeric,
  }));
  const name = axes.length > 0 ? (point) => LABELS[POINTS.label[point]] : (point) => POINTS.title[point];
  return [
    plain("rank", "Rank", (point) => POINTS.rank_best[point], rankText),
    estimate(SCORE, "Score, 95 %"),
    { key: "point", head: axes.length > 0 ? "Method" : "Point", value: (point) => TITLES[point], cell: (point) => nameCell(name, point), number: false },
    ...axes,
    ...optional(column("p", "p", (point) => (POINTS.p[point] === null ? "" : decimals(POINTS.p[point])))),
    estimate("quality", "Forgetting quality"),
    percent("retain", "Retain, %"),
    percent("test", `${DATA.test}, %`),
    percent("forget", "Forget, %"),
    ...optional(percent("truth", "Truth, %")),
    ...varying(column("runs", "N", (point) => String(POINTS.runs[point]))),
    ...varying(column("passes", "Passes", (point) => POINTS.passes[point].toFixed(1))),
    ...optional(column("seconds", "Time,\u00a0s", (point) => (POINTS.seconds[point] === null ? "" : POINTS.seconds[point].toFixed(1)))),
  ];
}

function nameCell(name, point) {
  const marks = POINTS.marks[point] ?? "";
  const reason = DATA.reasons[point];
  return [swatch(point), name(point), ...(marks ? [element("sup", {}, marks)] : []), ...(reason ? [element("small", {}, reason)] : [])];
}

function withInterval(key, point) {
  const value = POINTS[key][point];
  if (value === null) return "–";
  const text = intervalText(POINTS[`${key}_low`][point], POINTS[`${key}_high`][point]);
  const number = element(key === SCORE ? "strong" : "span", {}, decimals(value));
  const numbers = [number, element("small", {}, text)];
  return key === SCORE ? [element("div", { class: "estimate" }, intervalBar(point), element("div", {}, ...numbers))] : numbers;
}

function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// The colour of the method, as in the charts.
function swatch(point) {
  const nth = POINTS.label[point] % theme.methods.length;
  return element("span", { class: `swatch method-${nth}`, "aria-hidden": "true" });
}

// Score and interval to scale, one scale for the whole table; the tick is the ceiling.
function intervalBar(point) {
  const [low, high] = TABLE_DOMAIN;
  const at = (value) => 3 + (94 * (value - low)) / (high - low || 1);
  const score = POINTS.score[point];
  const [from, to] = [POINTS.score_low[point] ?? score, POINTS.score_high[point] ?? score];
  const parts = [svg("line", { x1: at(from), x2: at(to), y1: 8, y2: 8 }), svg("circle", { cx: at(score), cy: 8, r: 3 })];
  if (CEILING && CEILING.score !== null) parts.unshift(svg("line", { class: "tick", x1: at(CEILING.score), x2: at(CEILING.score), y1: 1, y2: 15 }));
  return svg("svg", { class: "interval", viewBox: "0 0 100 16", width: 100, height: 16, "aria-hidden": "true" }, ...parts);
}

const TABLE_DOMAIN = (() => {
  const numbers = [POINTS.score, POINTS.score_low, POINTS.score_high].flat().filter((value) => value !== null);
  return ends([0, CEILING?.score ?? 0, ...numbers]);
})();

function table(host) {
  const head = element("tr", {});
  const body = element("tbody", { "data-chart": "table" });
  const pager = element("div", { class: "pager" });
  host.append(element("div", { class: "scroll" }, element("table", { class: "points" }, element("thead", {}, head), body)), pager);
  return () => {
    head.replaceChildren(element("th", { class: "pick" }, ""), ...COLUMNS.map(headCell));
    const first = selection.page * rowsPerPage;
    body.replaceChildren(...shown.slice(first, first + rowsPerPage).map(row));
    if (shown.length === 0) body.append(element("tr", {}, element("td", { colspan: COLUMNS.length + 1 }, "No point passes the filter.")));
    body.dataset.points = String(shown.length);
    pager.replaceChildren(...pagerParts(first));
  };
}

function headCell(column) {
  const sorted = selection.sort.column === column.key;
  const arrow = sorted ? (selection.sort.descending ? " ↓" : " ↑") : "";
  const button = element("button", { type: "button", onclick: () => sortBy(column) }, column.head + arrow);
  const order = sorted ? (selection.sort.descending ? "descending" : "ascending") : "none";
  return element("th", { class: column.number ? "number" : "", "aria-sort": order, "data-column": column.key }, button);
}

// A column is sorted from its better end first: ranks, names and costs upwards, scores and accuracies downwards.
function sortBy(column) {
  const upwards = ["rank", "point", "passes", "seconds"].includes(column.key) || column.key.startsWith("x.");
  change((own) => {
    const same = own.sort.column === column.key;
    own.sort = { column: column.key, descending: same ? !own.sort.descending : !upwards };
    own.page = 0;
  });
}

function row(point) {
  const picked = selection.picks.includes(point);
  const box = element("input", { type: "checkbox", "aria-label": `Pick ${POINTS.title[point]}`, onchange: () => togglePick(point) });
  box.checked = picked;
  const cells = COLUMNS.map((column) => {
    return element("td", { class: column.number ? "number" : "", title: column.key === "point" ? POINTS.title[point] : null }, ...[column.cell(point)].flat());
  });
  return element("tr", { class: picked ? "picked" : "", "data-point": String(point) }, element("td", { class: "pick" }, box), ...cells);
}

function pagerParts(first) {
  const last = Math.min(first + rowsPerPage, shown.length);
  const turn = (by) => () => change((own) => { own.page += by; });
  const sizes = element("select", { "aria-label": "Rows at a time", onchange: (event) => resize(Number(event.target.value)) },
    ...PAGE_SIZES.map((size) => element("option", { value: size, selected: size === rowsPerPage }, `${size} rows`)));
  return [
    element("button", { type: "button", disabled: first === 0, onclick: turn(-1) }, "← Back"),
    element("span", {}, shown.length === 0 ? "" : `${first + 1}–${last} of ${shown.length}`),
    element("button", { type: "button", disabled: last >= shown.length, onclick: turn(1) }, "Next →"),
    ...(shown.length > PAGE_SIZES[0] ? [sizes] : []),
  ];
}

function resize(size) {
  rowsPerPage = size;
  change((own) => { own.page = 0; });
}
