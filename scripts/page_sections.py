"""What scripts/test-page tries of a page of confirmed points, several originals and parts of the forget set: its tables against
the CSV files beside it, differences of what is picked, and a page that is loaded anew with a filter, an order and picks.
"""

import csv
import os
import re
import subprocess

# Nothing is trained, so parts are thirds by difficulty alone.
TOY = """
name = "sections"
engine = "toy"
seeds = 6
[original]
models = 2
[confirm]
top = 2
seeds = 9
[toy]
examples = 40
[oracle]
models = 9
held-out = 9
[method.identity]
[method.simulated]
shift = [4.0, 0.4, 0.0, 3.0]
spread = 0.9
[method.usual]
method = "simulated"
shift = [0.0, 5.0]
"""
# Little training on few faces: classes and persons, too.
TORCH = """
name = "sections"
engine = "torch"
seeds = 4
[data]
path = "faces"
[training]
network = { name = "resnet18", width = 4 }
epochs = 1
optimizer = { adam = { lr = 1e-3 } }
[original]
models = 2
[oracle]
models = 4
held-out = 4
[confirm]
top = 1
seeds = 4
[method.identity]
[method.finetune]
epochs = 1
lr = [1e-4, 1e-3, 1e-2]
"""

# Rows of the table behind a heading: texts of its cells, without the small print.
TABLE = """((heading) => {
    const head = [...document.querySelectorAll('h2, h3')].find((own) => own.textContent === heading);
    if (!head) return null;
    let table = head;
    while (table && !table.querySelector?.('table')) table = table.nextElementSibling;
    const text = (cell) => { const own = cell.cloneNode(true); own.querySelectorAll('small, sup').forEach((it) => it.remove()); return own.textContent.trim(); };
    return [...table.querySelectorAll('tbody tr')].map((row) => [...row.cells].map(text));
})"""
STATE = """JSON.stringify([selection.picks, selection.text, selection.sort, [...selection.labels], [...selection.values].map(([name, own]) => [name, ...own]),
    [...document.querySelectorAll('tr[data-point]')].map((row) => row.dataset.point),
    [...document.querySelectorAll('#picked tbody tr')].map((row) => row.textContent),
    [...document.querySelectorAll('#filter .chip')].map((chip) => chip.getAttribute('aria-pressed')), document.querySelector('.count').textContent])"""


def check(is_so, what):
    if not is_so:
        raise AssertionError(what)


def made(folder, root, command):
    """Pages of the toy engine and, where there is a worker that trains, of faces."""
    grids = {"toy": TOY}
    if (root / "target/debug/sweep-torch").is_file():
        grids["torch"] = TORCH
    else:
        print("test-page: there is no target/debug/sweep-torch, so no page with classes and persons was tried")
    pages = []
    for name, grid in grids.items():
        own = folder / f"sections-{name}"
        own.mkdir()
        (own / "grid.toml").write_text(grid)
        steps = [["run", "grid.toml", "--out", "results", "--replicates", "40", "--progress", "none"]]
        if name == "torch":
            steps.insert(0, ["synth", "faces", "--preset", "canaries", "--images", "500", "--persons", "80"])
        for step in steps:
            done = subprocess.run([command, *step], cwd=own, capture_output=True, text=True, env={**os.environ, "SWEEP_CACHE": str(own / "cache")})
            check(done.returncode == 0, done.stderr)
        pages.append(own / "results/report.html")
    return pages


def rows_of(path, name):
    return list(csv.DictReader((path.parent / name).open(newline="")))


def number(text):
    """A number as the page writes it, or nothing for a dash."""
    return None if text in ("", "–") else float(text.replace("−", "-").lstrip("▲▼ ").lstrip("+"))


def agrees(shown, exact):
    """Whether a number of the page is the rounded one of a file."""
    shown, exact = number(shown), number(exact)
    if shown is None or exact is None:
        return shown is exact
    return abs(shown - exact) <= max(5.1e-4, 0.051 * abs(exact) if abs(exact) < 0.01 else 0)


def harmed(page, path):
    """Every part under the best point of each method, the worst first, with the numbers of groups.csv."""
    parts = rows_of(path, "groups.csv")
    kinds = list(dict.fromkeys(part["by"] for part in parts))
    for kind in kinds:
        shown = page.ask(f"{TABLE}('By {kind}')")
        check(shown, f"there is a table by {kind}")
        of = {(part["group"], part["title"]): part for part in parts if part["by"] == kind}
        for name, title, examples, models, quality, told_apart, _, p, q, *_ in shown:
            part = of[name, title]
            check((examples, models) == (part["examples"], part["n"]), f"{kind} {name}, {title}: {examples} examples, {models} models")
            check(agrees(quality, part["cross_fitted"]), f"{kind} {name}, {title}: {quality} is not {part['cross_fitted']}")
            check(agrees(p, part["p"]) and agrees(q, part["q"]), f"{kind} {name}, {title}: p {p}, q {q} where {part['p']}, {part['q']} are right")
            check(agrees(told_apart, str(100 * float(part["told_apart"]))) or abs(number(told_apart) - 100 * float(part["told_apart"])) < 0.051, f"{told_apart} %")
        order = [(number(q) is None or float(of[name, title]["q"]) > 0.05, float(of[name, title]["cross_fitted"])) for name, title, *_, q in
                 ([*row[:8], row[8]] for row in shown)]
        check(order == sorted(order), f"by {kind}, the worst come first: {order}")
        groups = {part["group"] for part in of.values()}
        titles = {title for _, title, *_ in shown}
        labels = {part["label"] for part in of.values() if part["title"] in titles}
        check(len(titles) == len(labels), f"one point for each method: {titles}")
        check(len(shown) == min(20, len(groups) * len(titles)), f"by {kind}: {len(shown)} rows of {len(groups)} parts under {len(titles)} points")
    check(page.ask(f"{TABLE}('By no kind')") is None, "no kind has no table")
    return len(kinds)


def confirmed(page, path):
    rows = [row for row in rows_of(path, "points.csv") if row["role"] == "confirm"]
    check(len(rows) > 0, "something was confirmed")
    shown = page.ask(f"{TABLE}('Confirmed')")
    check(sorted(own[0] for own in shown) == sorted(row["title"] for row in rows), f"{shown}")
    of = {row["title"]: row for row in rows}
    for title, found, left, optimism, score, p in shown:
        row = of[title]
        check(agrees(score, row["score"]) and agrees(p, row["p"]), f"{title}: score {score}, p {p} where {row['score']}, {row['p']} are right")
        check(abs(number(found) - number(left) - number(optimism)) < 2e-3 * max(1, abs(number(found))), f"{title}: {found} less {left} is not {optimism}")
    searched = [row["title"] for row in rows_of(path, "points.csv") if row["role"] == "unlearn" and row["method"] != "identity"]
    check(page.ask("POINTS.title") == searched, "what is confirmed is no further point of the search")


SPREADS = {"retain, %": ("retain_acc", 100), "forget, %": ("forget_acc", 100), "test, %": ("test_acc", 100), "mean confidence, nats": ("confidence", 1)}


def originals(page, path):
    """What originals and unlearning have of the spread of every point, with the numbers of points.csv."""
    of = {row["title"]: row for row in rows_of(path, "points.csv") if row["role"] == "unlearn"}
    title, lines = None, 0
    for head, what, between, within, _ in page.ask(f"{TABLE}('Originals and unlearning')"):
        title = head.removeprefix("Floor: ") or title
        column, scale = SPREADS[what]
        for shown, part in ((between, "between"), (within, "within")):
            exact = [scale * float(of[title][f"{column}_sd_{part}{end}"] or "nan") for end in ("", "_low", "_high")]
            found = [float(word) for word in re.findall(r"-?[0-9.]+", shown)]
            near = len(found) == 3 and all(abs(own - other) < 0.0051 for own, other in zip(found, exact))
            check(near or (shown in ("–", "") and exact[0] != exact[0]), f"{title} {what} {part}: {shown} where {exact} is right")
        lines += 1
    check(lines == len(of) * len(SPREADS), f"{lines} rows for {len(of)} points")


def way_of(sign, row):
    """Whether a point is ahead of another, behind it, or can't be told from it."""
    ends = [sign * float(row[f"score_difference_{end}"]) for end in ("low", "high") if row[f"score_difference_{end}"]]
    if not ends or min(ends) <= 0 <= max(ends):
        return "tied"
    return "ahead" if min(ends) > 0 else "behind"


PICKED = """[...document.querySelectorAll('#picked tbody tr')].map((row) => [...row.cells].map((cell) => [cell.textContent, cell.className]))"""


def picked(page, path):
    """Picks the best, compares their differences with differences.csv, and unpicks one and then all."""
    exact = {}
    for row in rows_of(path, "differences.csv"):
        # A point that was confirmed has the title that it has in the search, and can't be picked.
        if "confirm" not in (row["role"], row["other_role"]):
            exact[row["point"], row["other"]] = (1, row)
            exact[row["other"], row["point"]] = (-1, row)
    page.click("[...document.querySelectorAll('#filter .bar button')][0]")
    rows = page.ask(PICKED)
    names = [row[1][0].split(". ", 1)[1] for row in rows]
    check(len(names) == page.ask("selection.picks.length") > 1, f"{names}")
    compared = 0
    for at, row in enumerate(rows):
        for other, (text, kind) in enumerate(row[4:]):
            if at == other:
                check("same" in kind and text == "·", f"{names[at]} and itself: {text}")
                continue
            shown = page.ask(f"document.querySelectorAll('#picked tbody tr')[{at}].cells[{4 + other}].firstChild.textContent")
            sign, row = exact[names[at], names[other]]
            check(agrees(shown, str(sign * float(row["score_difference"]))) and kind.split()[-1] == way_of(sign, row),
                f"{names[at]} and {names[other]}: {shown}, {kind} where {row} is right")
            check(shown[0] == {"ahead": "▲", "behind": "▼"}.get(kind.split()[-1], shown[0]), shown)
            compared += 1
    page.click("document.querySelectorAll('#picked tbody tr')[1].querySelector('button')")
    left = [row[1][0].split(". ", 1)[1] for row in page.ask(PICKED)]
    check(left == names[:1] + names[2:], f"one is unpicked: {left} of {names}")
    page.click("[...document.querySelectorAll('#filter .bar button')][1]")
    check(page.ask("document.querySelector('#picked').hidden && selection.picks.length === 0"), "all are unpicked")
    return compared


def loaded_anew(page):
    """A filter, an order and picks, one of them hidden by the filter, are there again once the page is loaded anew."""
    page.click("document.querySelectorAll('tr[data-point] input')[0]")
    page.click("document.querySelectorAll('tr[data-point] input')[1]")
    hides = page.ask("POINTS.title[selection.picks[0]]")
    # The value of a hyper-parameter that the first pick doesn't have.
    axis = page.ask("""(() => { const axis = AXES.find((own) => own.texts.length > 1 && document.querySelector(`#filter .chip[data-axis="${own.name}"]`));
        return [axis.name, axis.texts.findIndex((_, at) => axis.at[selection.picks[0]] !== at)]; })()""")
    page.click(f"document.querySelectorAll('#filter .chip[data-axis=\"{axis[0]}\"]')[{axis[1]}]")
    page.click("document.querySelector('th[data-column=test] button')")
    check(page.ask("!shown.includes(selection.picks[0]) && selection.picks.length === 2"), f"{hides} is picked and hidden")
    before = page.ask(STATE)
    page.do("Page.reload")
    page.browser.wait_for("Page.loadEventFired", page.session)
    check(page.ask(STATE) == before, f"{page.ask(STATE)} is not {before}")
    page.click("[...document.querySelectorAll('#filter .bar button')][2]")
    check(page.ask("shown.length === COUNT && selection.picks.length === 2"), "the filter is cleared and the picks stay")
    check("is." not in page.ask("location.hash") and "pick=" in page.ask("location.hash"), page.ask("location.hash"))


def try_sections(browser, new_page, path):
    """Tries a page that has all of these sections."""
    address = path.resolve().as_uri()
    page = new_page(browser, address)
    kinds = harmed(page, path)
    confirmed(page, path)
    originals(page, path)
    compared = picked(page, path)
    loaded_anew(page)
    check(not page.errors(), f"{page.errors()}")
    page.close()
    plain = new_page(browser, address, script=False, width=400)
    for heading in ("Confirmed", "Originals and unlearning", "By difficulty"):
        check(plain.ask(f"{TABLE}('{heading}')"), f"`{heading}` is there without the script")
    check(plain.ask("document.documentElement.scrollWidth") <= 400, "nothing sticks out at 400 px")
    plain.close()
    print(f"  {path.parent.parent.name}: parts of {kinds} kinds, confirmed points, originals; {compared} differences agree; loaded anew")
