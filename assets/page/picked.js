// What is picked, side by side: ranks, scores, and the difference of every pair with its interval.

const MOST_PICKED = 10;

function picked(host) {
  return () => {
    host.hidden = selection.picks.length === 0;
    const points = pickedPoints();
    const compared = points.slice(0, MOST_PICKED);
    const more = points.length - compared.length;
    host.replaceChildren(
      element("h3", {}, `Picked (${points.length})`),
      element("div", { class: "scroll" }, matrix(compared)),
      element("p", { class: "note" },
        "Score of the row less that of the column, with its 95 % interval. ▲ ahead or ▼ behind: at q ≤ 0.05 over all pairs the two differ; ",
        "else they can't be told apart, even where the interval of this one pair leaves out 0. Where no interval stands, the report has not compared the two.",
        more > 0 ? ` ${more} more picked points are not compared here.` : ""),
    );
  };
}

// What is picked, best first: the numbers by which it is called.
function pickedPoints() {
  return [...selection.picks].sort((one, other) => (POINTS.score[other] ?? -1) - (POINTS.score[one] ?? -1));
}

function matrix(points) {
  const numbers = points.map((_, nth) => element("th", { class: "number" }, `${nth + 1}`));
  const head = element("tr", {}, element("th", {}, ""), element("th", {}, "Point"), element("th", { class: "number" }, "Rank"),
    element("th", { class: "number" }, "Score"), ...numbers);
  const rows = points.map((point, nth) => matrixRow(points, point, nth));
  return element("table", { class: "matrix" }, element("thead", {}, head), element("tbody", {}, ...rows));
}

function matrixRow(points, point, nth) {
  const drop = element("button", { type: "button", class: "quiet", title: "Unpick", "aria-label": "Unpick", onclick: () => togglePick(point) }, "×");
  const score = POINTS.score[point];
  const interval = element("small", {}, intervalText(POINTS.score_low[point], POINTS.score_high[point]));
  return element("tr", {},
    element("td", {}, drop),
    element("th", { scope: "row" }, `${nth + 1}. ${POINTS.title[point]}`),
    element("td", { class: "number" }, rankText(point)),
    element("td", { class: "number" }, score === null ? "–" : decimals(score), interval),
    ...points.map((other) => matrixCell(point, other)));
}

function matrixCell(one, other) {
  if (one === other || POINTS.score[one] === null || POINTS.score[other] === null) return element("td", { class: "number same" }, "·");
  const { value, low, high, real } = difference(one, other);
  const ahead = real && value > 0;
  const behind = real && value < 0;
  const text = `${ahead ? "▲ " : behind ? "▼ " : ""}${value > 0 ? "+" : ""}${decimals(value).replace("-", "−")}`;
  const kind = ahead ? "ahead" : behind ? "behind" : "tied";
  return element("td", { class: `number ${kind}` }, text, element("small", {}, intervalText(low, high)));
}
