const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const colours = ["--c0", "--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7"];
const agents = [...new Set(data.standings.map((standing) => standing.agent))];
const colourOf = (agent) => {
  const index = agents.indexOf(agent);
  // Steps of the golden angle keep any number of further hues apart.
  return index < colours.length ? `var(${colours[index]})` : `hsl(${(index * 137.5) % 360} 45% 55%)`;
};

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function svgElement(name, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

// --- leaderboard -------------------------------------------------------------------------------

const number = (digits) => (value) => value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const milliseconds = (value) => value < 0.1 ? value.toFixed(4) : value.toFixed(2);
const columns = [
  { title: "#", value: (s) => s.place, show: (s) => s.disqualified ? "–" : String(s.place) },
  { title: "Agent", value: (s) => s.agent, text: true },
  { title: "Runs", value: (s) => s.seeds.length },
  { title: "Score", value: (s) => s.score, show: (s) => number(1)(s.score), down: true },
  { title: "Cleared", value: (s) => s.cleared / s.count, show: (s) => `${s.cleared} / ${s.count}`, down: true },
  { title: "Passed", value: (s) => s.iqm, show: (s) => number(3)(s.iqm), down: true },
  { title: "Time left", value: (s) => s.time_left, show: (s) => number(0)(s.time_left), down: true },
  { title: "Kills", value: (s) => s.kills, show: (s) => number(0)(s.kills), down: true },
  { title: "Mode", value: (s) => s.mode, show: (s) => number(0)(s.mode), down: true },
  { title: "ms / step", value: (s) => s.ms, show: (s) => milliseconds(s.ms) },
  { title: "p99", value: (s) => s.p99, show: (s) => milliseconds(s.p99) },
];
let track = data.standings.length ? data.standings[0].track : "";
let order = { column: 0, ascending: true };

function here() {
  const found = data.standings.filter((standing) => standing.track === track);
  found.forEach((standing, index) => { standing.place = index + 1; });
  return found;
}

function drawHead() {
  const row = element("tr");
  columns.forEach((column, index) => {
    const cell = element("th", { scope: "col", tabindex: "0" }, column.title);
    if (column.text) cell.className = "text";
    if (order.column === index) cell.setAttribute("aria-sort", order.ascending ? "ascending" : "descending");
    const sort = () => {
      const same = order.column === index;
      order = { column: index, ascending: same ? !order.ascending : !column.down };
      drawLeaderboard();
    };
    cell.addEventListener("click", sort);
    cell.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
    row.append(cell);
  });
  document.querySelector("#leaderboard thead").replaceChildren(row);
}

function drawLeaderboard() {
  drawHead();
  const value = columns[order.column].value;
  const sign = order.ascending ? 1 : -1;
  const rows = here().sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    return sign * (left < right ? -1 : left > right ? 1 : 0) || a.place - b.place;
  }).map((standing) => {
    const cells = columns.map((column) => {
      if (!column.text) return element("td", {}, column.show ? column.show(standing) : String(column.value(standing)));
      const dot = element("span", { class: "dot", style: `background:${colourOf(standing.agent)}` });
      return element("td", { class: "text" }, dot, element("span", { class: "name" }, standing.agent),
        element("span", { class: "version", title: standing.version }, standing.version));
    });
    if (standing.low !== null) {
      cells[5].append(element("span", { class: "interval" }, ` [${standing.low.toFixed(3)}, ${standing.high.toFixed(3)}]`));
    }
    return element("tr", standing.disqualified ? { class: "out" } : {}, ...cells);
  });
  document.querySelector("#leaderboard tbody").replaceChildren(...rows);
  const notes = here().flatMap((standing) => [
    ...(standing.disqualified ? [`${standing.agent}: disqualified, ${standing.disqualified}`] : []),
    ...(standing.failed ? [`${standing.agent}: ${standing.failed} levels lost by faults of the program`] : []),
  ]);
  if (here().length && here()[0].note) notes.push(`${track}: ${here()[0].note}`);
  byId("notes").replaceChildren(...notes.map((note) => element("li", {}, note)));
}

// --- heat map ----------------------------------------------------------------------------------

function shade(passed) {
  // From pale to deep blue; lightness alone tells the order.
  const t = Math.max(0, Math.min(1, passed));
  return `hsl(${218 + 8 * t} ${55 + 10 * t}% ${93 - 58 * t}%)`;
}

function drawHeat() {
  const found = here();
  const keys = [...new Map(found.flatMap((s) => s.levels).map((level) => [`${level.difficulty}/${level.trial}`, level])).values()]
    .sort((a, b) => a.difficulty - b.difficulty || a.trial - b.trial);
  const heat = byId("heat");
  heat.style.gridTemplateColumns = `max-content repeat(${keys.length}, minmax(22px, 64px))`;
  const cells = [element("div", { class: "who" })];
  keys.forEach((key, index) => {
    const starts = index === 0 || keys[index - 1].difficulty !== key.difficulty;
    if (!starts) return;
    const span = keys.filter((other) => other.difficulty === key.difficulty).length;
    cells.push(element("div", { class: "group", style: `grid-column: span ${span}` }, span > 2 ? `difficulty ${key.difficulty}` : `d${key.difficulty}`));
  });
  cells.push(element("div", { class: "who" }));
  keys.forEach((key) => cells.push(element("div", { class: "head" }, String(key.trial))));
  for (const standing of found) {
    cells.push(element("div", { class: "who" }, standing.agent));
    for (const key of keys) {
      const levels = standing.levels.filter((level) => level.difficulty === key.difficulty && level.trial === key.trial);
      if (!levels.length) {
        cells.push(element("div", { class: "cell" }));
        continue;
      }
      const mean = levels.reduce((sum, level) => sum + level.passed, 0) / levels.length;
      const failed = levels.find((level) => level.failure);
      const mark = failed ? "×" : levels.every((level) => level.status === 1) ? "★" : "";
      const title = [`${standing.agent}, difficulty ${key.difficulty}, trial ${key.trial}: ${(100 * mean).toFixed(0)}% passed`,
        ...levels.map((level) => `seed ${level.seed}: ${level.distance.toFixed(0)} px, ${level.status === 1 ? "won" : "lost"}, ${level.time_left} s left${level.failure ? `, ${level.failure}` : ""}`)].join("\n");
      cells.push(element("div", { class: "cell", title, style: `background:${shade(mean)};color:${mean > 0.5 ? "#fff" : "#22202a"}` }, mark));
    }
  }
  heat.replaceChildren(...cells);
}

// --- plots -------------------------------------------------------------------------------------

function plot(target, found, { points, x, y, xTicks, yTicks, xLabel, extra = () => {} }) {
  const [width, height, left, right, top, bottom] = [520, 300, 56, 16, 12, 40];
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  const px = (value) => left + x(value) * (width - left - right);
  const py = (value) => height - bottom - y(value) * (height - top - bottom);
  for (const [value, text] of yTicks) {
    svg.append(svgElement("line", { x1: left, x2: width - right, y1: py(value), y2: py(value), class: "grid" }));
    svg.append(svgElement("text", { x: left - 8, y: py(value) + 4, "text-anchor": "end" }, text));
  }
  for (const [value, text] of xTicks) {
    svg.append(svgElement("text", { x: px(value), y: height - bottom + 18, "text-anchor": "middle" }, text));
  }
  svg.append(svgElement("line", { x1: left, x2: width - right, y1: py(0), y2: py(0), class: "axis" }));
  svg.append(svgElement("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, xLabel));
  extra(svg, px, py);
  for (const standing of found) {
    const line = points(standing);
    const path = line.map(([a, b], index) => `${index ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("");
    svg.append(svgElement("path", { d: path, fill: "none", stroke: colourOf(standing.agent), "stroke-width": 2, "stroke-linejoin": "round" }));
    for (const [a, b, hint] of line.filter((point) => point[2])) {
      const dot = svgElement("circle", { cx: px(a), cy: py(b), r: 4, fill: colourOf(standing.agent) });
      dot.append(svgElement("title", {}, hint));
      svg.append(dot);
    }
  }
  const legend = element("div", { class: "legend" }, ...found.map((standing) => element("span", {},
    element("span", { class: "dot", style: `background:${colourOf(standing.agent)}` }), standing.agent)));
  target.replaceChildren(svg, legend);
}

function niceSteps(maximum) {
  const raw = maximum / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= raw);
  return Array.from({ length: Math.floor(maximum / step) + 1 }, (_, index) => index * step);
}

function drawDistance() {
  const found = here();
  const difficulties = [...new Set(found.flatMap((s) => s.distance.map(([difficulty]) => difficulty)))].sort((a, b) => a - b);
  const most = Math.max(1, ...found.flatMap((s) => s.distance.map(([, distance]) => distance))) * 1.05;
  const [low, high] = [difficulties[0] ?? 0, difficulties.at(-1) ?? 1];
  plot(byId("distance"), found, {
    points: (s) => [...s.distance].sort((a, b) => a[0] - b[0]).map(([a, b]) => [a, b, `${s.agent}: ${b.toFixed(0)} px at difficulty ${a}`]),
    x: (value) => high === low ? 0.5 : (value - low) / (high - low),
    y: (value) => value / most,
    xTicks: difficulties.map((each) => [each, String(each)]),
    yTicks: niceSteps(most).map((each) => [each, each.toLocaleString("en")]),
    xLabel: "difficulty",
  });
}

function drawTimes() {
  const found = here();
  const share = (s) => {
    const total = s.histogram.reduce((sum, [, count]) => sum + count, 0) || 1;
    return s.histogram.map(([edge, count]) => [edge, count / total]);
  };
  const edges = found.flatMap((s) => s.histogram.map(([edge]) => edge));
  const low = Math.floor(Math.log10(Math.min(40, ...edges)));
  const high = Math.ceil(Math.log10(Math.max(100, ...edges)));
  const most = Math.max(0.01, ...found.flatMap((s) => share(s).map(([, part]) => part))) * 1.05;
  const bin = 10 ** 0.1;
  plot(byId("times"), found, {
    // Steps: each bin as wide as it is, and down to zero where a bin is empty.
    points: (s) => share(s).flatMap(([edge, part], index, all) => {
      const gapBefore = index === 0 || all[index - 1][0] * bin < edge * 0.99;
      const gapAfter = index === all.length - 1 || all[index + 1][0] > edge * bin * 1.01;
      return [...(gapBefore ? [[edge, 0]] : []), [edge, part], [edge * bin, part], ...(gapAfter ? [[edge * bin, 0]] : [])];
    }),
    x: (value) => Math.min(1, Math.max(0, (Math.log10(value || 1e-9) - low) / (high - low))),
    y: (value) => value / most,
    xTicks: Array.from({ length: high - low + 1 }, (_, index) => [10 ** (low + index), String(Number((10 ** (low + index)).toPrecision(1)))]),
    yTicks: niceSteps(most).map((each) => [each, `${Math.round(100 * each)}%`]),
    xLabel: "ms (logarithmic)",
    extra: (svg, px, py) => svg.append(svgElement("line", { x1: px(40), x2: px(40), y1: py(0), y2: py(most), class: "axis", "stroke-dasharray": "4 4" })),
  });
}

// --- replays -----------------------------------------------------------------------------------

function setUpPlayer() {
  if (!data.films.length) {
    byId("replays").remove();
    return;
  }
  const player = new Player(byId("screen"), data.atlas);
  const [films, play, seek, speed, tick] = ["film", "play", "seek", "speed", "tick"].map(byId);
  const groups = new Map();
  data.films.forEach((film, index) => {
    if (!groups.has(film.agent)) groups.set(film.agent, element("optgroup", { label: film.agent }));
    groups.get(film.agent).append(element("option", { value: index }, film.label));
  });
  films.append(...groups.values());
  let playing = false, last = 0, position = 0;
  const show = () => {
    player.draw(Math.floor(position));
    seek.value = player.tick;
    tick.textContent = `tick ${player.tick + 1} of ${player.ticks}, ${player.x} px`;
    byId("screen").dataset.x = player.x;
  };
  const step = (now) => {
    if (!playing) return;
    position += Math.min(0.25, (now - last) / 1000) * TICKS_PER_SECOND * Number(speed.value);
    last = now;
    if (position >= player.ticks - 1) {
      position = player.ticks - 1;
      setPlaying(false);
    }
    show();
    if (playing) requestAnimationFrame(step);
  };
  const setPlaying = (on) => {
    playing = on;
    play.textContent = on ? "Pause" : "Play";
    if (!on) return;
    if (position >= player.ticks - 1) position = 0;
    last = performance.now();
    requestAnimationFrame(step);
  };
  const choose = () => {
    player.load(data.films[Number(films.value)]);
    seek.max = player.ticks - 1;
    position = 0;
    show();
  };
  films.addEventListener("change", choose);
  play.addEventListener("click", () => setPlaying(!playing));
  seek.addEventListener("input", () => { position = Number(seek.value); show(); });
  player.ready.then(() => { choose(); document.body.dataset.ready = "yes"; });
}

// --- page --------------------------------------------------------------------------------------

function drawAll() {
  const names = [...new Set(data.standings.map((standing) => standing.track))];
  byId("tracks").replaceChildren(...names.map((name) => {
    const button = element("button", { type: "button", role: "tab", "aria-selected": String(name === track) }, name);
    button.addEventListener("click", () => { track = name; drawAll(); });
    return button;
  }));
  drawLeaderboard();
  drawHeat();
  drawDistance();
  drawTimes();
}

const runs = data.standings.reduce((sum, standing) => sum + standing.seeds.length, 0);
const levels = data.standings.reduce((sum, standing) => sum + standing.count, 0);
byId("summary").textContent = `${agents.length} agents, ${runs} runs, ${levels} levels`;
byId("footer").textContent = `gym-mario-suite ${data.version}. Times measured on: ${[...new Set(data.standings.flatMap((s) => s.machines))].join("; ")}.`;
drawAll();
setUpPlayer();
