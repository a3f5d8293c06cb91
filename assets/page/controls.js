// The filter: words, methods, values of axes; and how many points it hides.

const MOST_CHIPS = 12;

function controls(host) {
  const find = element("input", { type: "search", placeholder: "Find points: words of their names", "aria-label": "Find points",
    oninput: (event) => filter((own) => { own.text = event.target.value; }) });
  const count = element("p", { class: "count", role: "status" });
  const best = element("button", { type: "button", onclick: pickBest }, "Pick the best 5 shown");
  const none = element("button", { type: "button", onclick: () => change((own) => { own.picks = []; }) }, "Unpick all");
  const clear = element("button", { type: "button", onclick: () => change(clearFilter) }, "Clear the filter");
  const fields = element("div", { class: "fields" });
  const rows = [...methodChips(), ...AXES.map(axisField)];
  fields.append(...rows.map((own) => own.row));
  host.append(
    element("div", { class: "bar" }, find, best, none, clear),
    element("details", { open: rows.length <= 8 && window.innerWidth > 640 }, element("summary", {}, "Filter by method and hyper-parameter"), fields),
    count,
  );
  return () => {
    if (find.value.trim() !== selection.text.trim()) find.value = selection.text;
    for (const own of rows) own.update();
    none.disabled = selection.picks.length === 0;
    clear.disabled = !isFiltered();
    const hidden = COUNT - shown.length;
    const picks = selection.picks.length > 0 ? ` · ${selection.picks.length} picked` : "";
    count.textContent = `${shown.length} of ${COUNT} points shown${hidden > 0 ? ` · ${hidden} hidden by the filter` : ""}${picks}`;
  };
}

// Changes the filter and turns back to the first page.
function filter(apply) {
  change((own) => {
    apply(own);
    own.page = 0;
  });
}

function pickBest() {
  const scored = shown.filter((point) => POINTS.score[point] !== null);
  scored.sort((one, other) => POINTS.score[other] - POINTS.score[one] || one - other);
  change((own) => { own.picks = scored.slice(0, 5); });
}

function methodChips() {
  if (LABELS.length < 2) return [];
  const chips = LABELS.map((label, nth) => {
    const button = element("button", { type: "button", class: "chip", onclick: () => filter((own) => toggle(own.labels, label)) },
      element("span", { class: `swatch method-${nth % theme.methods.length}` }), label);
    return { button, isOn: () => selection.labels.has(label) };
  });
  return [chipRow("method", chips)];
}

// Few values are chips, many numbers a range.
function axisField(axis) {
  if (axis.numeric && axis.values.length > MOST_CHIPS) return rangeRow(axis);
  const chips = axis.texts.map((text) => {
    const pick = (own) => {
      if (!own.values.has(axis.name)) own.values.set(axis.name, new Set());
      toggle(own.values.get(axis.name), text);
    };
    const button = element("button", { type: "button", class: "chip", "data-axis": axis.name, onclick: () => filter(pick) }, text);
    return { button, isOn: () => selection.values.get(axis.name)?.has(text) ?? false };
  });
  return chipRow(axis.name, chips);
}

function chipRow(name, chips) {
  const row = element("div", { class: "field" }, element("span", { class: "name", title: name }, name),
    element("span", { class: "chips" }, ...chips.map((chip) => chip.button)));
  const update = () => {
    for (const chip of chips) chip.button.setAttribute("aria-pressed", String(chip.isOn()));
  };
  return { row, update };
}

function rangeRow(axis) {
  const [low, high] = [axis.texts[0], axis.texts[axis.texts.length - 1]];
  const input = (label, placeholder) => element("input", { type: "number", step: "any", placeholder, "aria-label": `${axis.name} ${label}`, onchange: apply });
  const [from, to] = [input("from", low), input("to", high)];
  function apply() {
    const range = [from, to].map((own) => readNumber(own.value));
    filter((own) => {
      if (range[0] === null && range[1] === null) own.ranges.delete(axis.name);
      else own.ranges.set(axis.name, range);
    });
  }
  const row = element("div", { class: "field" }, element("span", { class: "name", title: axis.name }, axis.name),
    element("span", { class: "range" }, from, "to", to));
  const update = () => {
    const range = selection.ranges.get(axis.name) ?? [null, null];
    [from, to].forEach((own, nth) => { own.value = range[nth] === null ? "" : String(range[nth]); });
  };
  return { row, update };
}
