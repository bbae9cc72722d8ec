"use strict";
// Everything that is shown goes through textContent or setAttribute: data never becomes markup here.
const DATA = JSON.parse(document.getElementById("data").textContent);
const tip = document.getElementById("tip");
const SVG = "http://www.w3.org/2000/svg";
let language = DATA.language;

const text = (key, ...parts) => DATA.texts[key][language === "ko" ? 0 : 1].replace(/\{(\d)\}/g, (_, n) => parts[n]);
const comma = (n) => n.toLocaleString("en-US");
const percent = (part, whole) => (whole ? `${+((100 * part) / whole).toFixed(1)}\u00a0%` : "–");

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

// A button or label that speaks both languages.
const said = (key) => {
  const made = element("span", { textContent: text(key) });
  made.dataset.t = key;
  return made;
};
const button = (name, ...children) => element("button", { type: "button", className: name }, ...children);

// Language and theme -------------------------------------------------------------------------------------------------
function label(name) {
  const chart = DATA.charts[name];
  if (chart.label) return chart.label;
  const bound = Object.entries(chart.bound || {}).map(([side, limit]) => `${side} ${limit}`).join(", ");
  return ["histogram.label", name.split("|")[0], comma(sum(chart.bins)), bound || text("no_bound")];
}
function speak() {
  document.documentElement.lang = language;
  const parts = (node) => JSON.parse(node.dataset.a || "[]");
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = text(node.dataset.t, ...parts(node));
  for (const node of document.querySelectorAll("[data-l]")) node.setAttribute("aria-label", text(node.dataset.l, ...parts(node)));
  for (const svg of document.querySelectorAll("svg[data-c]")) svg.setAttribute("aria-label", text(...label(svg.dataset.c)));
  document.querySelectorAll("details.try").forEach((node) => node.redraw && node.redraw());
}
document.getElementById("language").addEventListener("click", () => {
  language = language === "ko" ? "en" : "ko";
  speak();
});
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

// Tables -------------------------------------------------------------------------------------------------------------
function value(cell) {
  const held = cell.dataset.v === undefined ? cell.textContent : cell.dataset.v;
  if (!cell.classList.contains("n") || held === "" || cell.tagName === "TH") return held;
  const plain = held.replace(/[,≈]/g, "").trim(), number = plain.endsWith("%") ? +plain.slice(0, -1) / 100 : +plain;
  return Number.isNaN(number) ? held : number;
}
function sort(head) {
  const table = head.closest("table"), place = head.cellIndex;
  const down = head.getAttribute("aria-sort") !== "descending" && (head.classList.contains("n") || head.hasAttribute("aria-sort"));
  const rows = [...table.tBodies[0].rows].map((row) => [value(row.cells[place]), row]);
  rows.sort(([a], [b]) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "ko");
    return down ? -order : order;
  });
  table.querySelectorAll("[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  table.tBodies[0].append(...rows.map(([, row]) => row));
}
// A cell that a spreadsheet would run as a formula is given a quote before it.
function tsv(table) {
  const plain = (cell) => {
    const held = String(value(cell)).replace(/[\t\r\n]+/g, " ");
    return !cell.classList.contains("n") && /^[=+\-@]/.test(held) ? "'" + held : held;
  };
  return [...table.rows].map((row) => [...row.cells].map(plain).join("\t")).join("\n");
}
async function copy(pressed) {
  const words = tsv(pressed.closest(".table").querySelector("table"));
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    const area = element("textarea", { value: words });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const label = pressed.firstChild;
  label.textContent = text("copied");
  setTimeout(() => (label.textContent = text("copy")), 1500);
}

// Charts -------------------------------------------------------------------------------------------------------------
const short = (n) => String(+n.toPrecision(4));
function binWords(chart, place) {
  const edges = DATA.edges[chart.unit];
  if (chart.unit === "flag") return String(place - 1);
  if (place === 0) return `< ${short(edges[0])}`;
  if (place >= edges.length) return `≥ ${short(edges[edges.length - 1])}`;
  const [low, high] = [edges[place - 1], edges[place]];
  if (chart.unit === "count") return high - low <= 1 ? short(low) : `${short(low)}–${short(high - 1)}`;
  return `${short(low)}–${short(high)}`;
}
const sum = (bins) => Object.values(bins).reduce((a, b) => a + b, 0);
function rowsOf(chart) {
  if (chart.kind === "stack") return chart.values.map((row, i) => [String(i + 1), ...row.map((part, k) => `${chart.names[k]} ${percent(part, 1)}`)]);
  if (chart.kind === "strip") {
    const many = chart.values.length < chart.shards;
    return chart.values.map(([low, middle, high], i) => [String(i + 1), many ? `${short(low)} / ${short(middle)} / ${short(high)}` : short(middle)]);
  }
  const total = sum(chart.bins), rows = [];
  for (let place = chart.first; place < chart.last; place++) {
    const n = chart.bins[place] || 0;
    const row = [binWords(chart, place), comma(n), percent(n, total)];
    if (chart.other) row.push(percent(chart.other[place] || 0, sum(chart.other)));
    rows.push(row);
  }
  return rows;
}
function point(svg, index, x, y) {
  const chart = DATA.charts[svg.dataset.c], rows = chart.rows || (chart.rows = rowsOf(chart));
  const at = Math.min(Math.max(index, 0), rows.length - 1);
  svg.at = at;
  let cursor = svg.querySelector(".cursor");
  if (!cursor) {
    cursor = document.createElementNS(SVG, "rect");
    cursor.setAttribute("class", "cursor");
    svg.append(cursor);
  }
  const wide = 320 / rows.length;
  for (const [key, number] of Object.entries({ x: at * wide, width: wide, y: 0, height: 84 })) cursor.setAttribute(key, number);
  tip.textContent = rows[at].join("  ·  ");
  const box = svg.getBoundingClientRect();
  tip.style.visibility = "visible";
  const left = x === undefined ? box.left + ((at + 0.5) / rows.length) * box.width : x;
  tip.style.left = `${Math.max(4, Math.min(left + 12, innerWidth - tip.offsetWidth - 4))}px`;
  tip.style.top = `${Math.max(4, (y === undefined ? box.top : y) - 34)}px`;
}
function leave(svg) {
  tip.style.visibility = "hidden";
  svg.querySelector(".cursor")?.remove();
  svg.at = undefined;
}
function showData(pressed) {
  const figure = pressed.closest(".figure"), open = figure.querySelector(".table");
  if (open) return open.remove();
  const rows = rowsOf(DATA.charts[figure.querySelector("svg").dataset.c]);
  const body = element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", { className: "c", textContent: cell })))));
  figure.append(element("div", { className: "table" }, element("table", {}, body), button("copy", said("copy"))));
}

// Trying bounds ------------------------------------------------------------------------------------------------------
// A slider stands on the edges of the stored bins, so what it counts is exact up to values that lie on an edge.
const whole = (chart) => chart.unit === "count" || chart.unit === "flag";
function firstOutside(chart, side, limit) {
  const edges = DATA.edges[chart.unit], from = side === "max" && whole(chart) ? Math.floor(limit) + 1 : limit;
  const near = (a) => Math.abs(a - from) <= 1e-9 + 1e-6 * Math.abs(from);
  const edge = edges.findIndex((a) => a >= from || near(a));
  return edge < 0 ? [edges.length + 1, false] : near(edges[edge]) ? [edge + 1, true] : [edge + 1, false];
}
function left(chart, bounds) {
  let kept = sum(chart.bins);
  for (const [side, limit] of Object.entries(bounds)) {
    const [place, exact] = firstOutside(chart, side, limit);
    let certain = 0;
    for (const [bin, n] of Object.entries(chart.bins)) certain += (side === "min" ? +bin < place - !exact : +bin >= place) ? n : 0;
    kept -= certain + (exact ? 0 : (chart.bins[place - 1] || 0) / 2);
  }
  return Math.max(0, Math.round(kept));
}
const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`);
function settings(chart, bounds) {
  return Object.entries(bounds).map(([side, limit]) => `--set ${chart.path.startsWith("'") ? chart.path.slice(0, -1) + `.${side}=${limit}'` : `${chart.path}.${side}=${limit}`}`).join(" ");
}
function slider(box) {
  const svg = box.previousSibling.previousSibling.querySelector("svg");
  const chart = DATA.charts[svg.dataset.c], edges = DATA.edges[chart.unit], tried = { ...chart.bound };
  const made = element("div"), note = element("p"), command = element("pre"), total = sum(chart.bins), before = total - sum(chart.outside);
  const inputs = [];
  for (const side of Object.keys(tried)) {
    const shown = element("output"), input = element("input", { type: "range", min: Math.max(chart.first, 1), max: Math.min(chart.last, edges.length), step: 1 });
    const [place] = firstOutside(chart, side, tried[side]);
    input.value = place;
    const line = document.createElementNS(SVG, "line");
    for (const [key, v] of Object.entries({ class: "tried", y1: 0, y2: 84, visibility: "hidden" })) line.setAttribute(key, v);
    svg.append(line);
    input.addEventListener("input", () => {
      const edge = edges[input.value - 1];
      tried[side] = side === "max" && whole(chart) ? edge - 1 : +edge.toPrecision(6);
      const x = ((input.value - chart.first) * 320) / (chart.last - chart.first);
      for (const [key, v] of Object.entries({ x1: x, x2: x, visibility: "visible" })) line.setAttribute(key, v);
      box.redraw();
    });
    inputs.push([side, input, line, shown]);
    const label = element("label", {}, element("span", { textContent: side }), input, shown);
    made.append(label);
  }
  const reset = button("", said("try.reset"));
  reset.addEventListener("click", () => {
    for (const [side, input, line] of inputs) {
      tried[side] = chart.bound[side];
      input.value = firstOutside(chart, side, tried[side])[0];
      line.setAttribute("visibility", "hidden");
    }
    box.redraw();
  });
  made.append(note, command, reset);
  box.append(made);
  box.redraw = () => {
    for (const [side, , , shown] of inputs) shown.textContent = short(tried[side]);
    const now = Object.keys(tried).every((side) => tried[side] === chart.bound[side]) ? before : left(chart, tried);
    note.textContent = `${text("try.now", comma(now), comma(total), percent(now, total))}; ${text("try.before", comma(before), percent(before, total))}`;
    const change = settings(chart, tried), run = quoted(DATA.run), clean = run.replace(/\/+('?)$/, "$1");
    const signals = clean.endsWith("'") ? clean.slice(0, -1) + "-signals'" : clean + "-signals";
    const recipe = clean.endsWith("'") ? clean.slice(0, -1) + "/recipe.yaml'" : clean + "/recipe.yaml";
    command.textContent = DATA.mode === "annotate" ? `algok redecide ${run} ${change}`
      : `# ${text("try.filtered")}\nalgok annotate ${recipe} -o ${signals}\nalgok redecide ${signals} ${change}`;
  };
  box.redraw();
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (!pressed) return;
  if (pressed.closest("thead")) sort(pressed.closest("th"));
  else if (pressed.classList.contains("copy")) copy(pressed);
  else if (pressed.classList.contains("show")) showData(pressed);
});
function readable(svg) {
  svg.tabIndex = 0;
  const chart = DATA.charts[svg.dataset.c], count = () => rowsOf(chart).length;
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    point(svg, Math.floor(((event.clientX - box.left) / box.width) * count()), event.clientX, event.clientY);
  });
  svg.addEventListener("pointerleave", () => leave(svg));
  svg.addEventListener("blur", () => leave(svg));
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") leave(svg);
    if (!step) return;
    event.preventDefault();
    point(svg, (svg.at === undefined ? (step > 0 ? -1 : count()) : svg.at) + step);
  });
  svg.closest(".figure").append(button("show", said("table")));
  if (!chart.bound || !sum(chart.bins)) return;
  const box = element("details", { className: "try" }, element("summary", {}, said("try")));
  box.addEventListener("toggle", () => box.open && !box.redraw && slider(box));
  svg.closest(".figure").nextSibling.after(box);
}
// What the page gets from its script: buttons, reading of charts, sliders.
function attach() {
  for (const table of document.querySelectorAll("table")) {
    table.closest(".table").append(button("copy", said("copy")));
    if (table.hasAttribute("data-sort")) for (const head of table.tHead.rows[0].cells) if (head.textContent) head.append(button("", ...head.childNodes));
  }
  for (const svg of document.querySelectorAll("svg[data-c]")) readable(svg);
}
attach();
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
if (window.IntersectionObserver) {
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) links.get(entry.target.id)?.classList.toggle("here", entry.isIntersecting);
  }, { rootMargin: "-10% 0px -80% 0px" });
  document.querySelectorAll("main > section").forEach((section) => seen.observe(section));
}
