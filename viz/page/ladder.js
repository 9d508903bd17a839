// The ladder: time downwards, nodes as columns, each packet one row from where it began to where it ended.

const LADDER = {time: 82, top: 40, row: 44, plain: 32, small: 28, turn: 9, character: 6.7};

// The columns fill the width that there is, within reason.
function ladderScale(host, model) {
  const room = Math.max(300, host.clientWidth - 4);
  const gaps = Math.max(1, model.columns.length - 1);
  const narrow = room < 560;  // a phone: no room for times and addresses
  const left = narrow ? 0 : LADDER.time;
  const edge = narrow ? 34 : 56;
  const step = Math.max(narrow ? 66 : 88, Math.min(280, (room - left - 2 * edge) / gaps));
  return {x: (column) => left + edge + column * step, width: left + 2 * edge + gaps * step, left, narrow};
}

// The names of the columns, which stay where they are while the rest scrolls.
function headsOf(model, scale) {
  const heads = svg("svg", {viewBox: `0 0 ${scale.width} ${LADDER.top}`, width: scale.width, height: LADDER.top, class: "heads", "aria-hidden": "true"});
  for (const column of model.columns) {
    const x = scale.x(column.index);
    const addresses = column.node?.interfaces.flatMap((i) => i.addresses.map((a) => a.split("/")[0])) ?? [];
    const shown = scale.narrow || column.kind === "gateway" ? "" : addresses.at(-1) ?? "";
    heads.append(svg("text", {x, y: 16, class: `head ${column.kind}`, "text-anchor": "middle"}, column.name),
                 svg("text", {x, y: 31, class: "address", "text-anchor": "middle"}, shown));
  }
  return heads;
}

const livesOf = (model, scale, height) => svg("g", {}, ...model.columns.map((column) => svg("line",
  {x1: scale.x(column.index), x2: scale.x(column.index), y1: 0, y2: height, class: `life ${column.kind}`})));

// The columns that a packet touched, in their order.
function wayOf(row) {
  const way = [];
  for (const {column} of row.at) if (column !== undefined && way.at(-1) !== column) way.push(column);
  return way;
}

// "src 192.168.1.10:40000 ⇒ 203.0.113.5:40000"; empty where no end changed.
function rewriteText(record) {
  if (!record.before) return "";
  const before = bytesOf(record.before);
  const after = bytesOf(record.bytes);
  const parts = [];
  if (endOf(before, true) !== endOf(after, true)) parts.push(`src ${endOf(before, true)} ⇒ ${endOf(after, true)}`);
  if (endOf(before, false) !== endOf(after, false)) parts.push(`dst ${endOf(before, false)} ⇒ ${endOf(after, false)}`);
  return parts.join("  ");
}

// A text that stays within the picture, whatever its length.
function textWithin(scale, x, y, text, attributes) {
  const half = (text.length * LADDER.character) / 2;
  const middle = Math.min(Math.max(x, half + scale.left + 4), Math.max(scale.width - half - 4, half + scale.left + 4));
  return svg("text", {x: middle, y, "text-anchor": "middle", ...attributes}, text);
}

function drawArrow(group, row, scale, y) {
  const way = wayOf(row);
  const first = way[0] ?? 0;
  const last = way.at(-1) ?? first;
  const sign = Math.sign((way[1] ?? last) - first) || 1;
  let path = `M${scale.x(first)} ${y}`;
  let depth = y;
  way.forEach((to, n) => {
    if (n === 0) return;
    const turns = n > 1 && (to - way[n - 1]) * (way[n - 1] - way[n - 2]) < 0;  // it comes back the way it went: one line lower
    if (turns) path += `V${depth += LADDER.turn}`;
    path += `H${scale.x(to)}`;
    if (n < way.length - 1) group.append(svg("circle", {cx: scale.x(to), cy: depth, r: 2.5, class: "tip"}));
  });
  group.append(svg("path", {d: path, class: "arrow"}));
  const x = scale.x(last);
  const end = Math.sign(last - (way.at(-2) ?? last)) || sign;
  if (row.drop) group.append(svg("path", {d: `M${x - 6} ${depth - 6}l12 12m0-12l-12 12`, class: "cross"}));
  else if (way.length > 1) group.append(svg("path", {d: `M${x} ${depth}l${-end * 9}-4.5v9z`, class: "tip"}));
  else group.append(svg("circle", {cx: x, cy: y, r: 3.5, class: "tip"}));
  group.append(svg("text", {x: scale.x(first) + sign * 9, y: y - 6, class: "kind", "text-anchor": sign > 0 ? "start" : "end"}, row.kind));
  return depth - y;
}

const timeOf = (ns, y) => svg("text", {x: LADDER.time - 10, y, class: "time", "text-anchor": "end"}, seconds(ns));

// Draws one packet at `y`; tells how much room it takes.
function drawRow(model, row, scale, y, differs) {
  const group = svg("g", {class: `packet${row.drop ? " lost" : ""}${differs ? " differs" : ""}`, "data-packet": row.packet});
  const rewrites = (row.translate || []).filter((t) => t.column !== undefined && rewriteText(t.record));
  const hit = svg("rect", {x: 0, y: y - 20, width: scale.width, class: "hit", "data-y": y});
  group.append(hit);
  if (!scale.narrow) group.append(timeOf(row.ns, y + 4));
  const top = y;
  y += drawArrow(group, row, scale, y);
  const height = y - top + (rewrites.length || row.drop || differs ? LADDER.row : LADDER.plain);
  hit.setAttribute("height", height);
  for (const translate of rewrites) {
    const x = scale.x(translate.column);
    group.append(svg("rect", {x: x - 5, y: top - 5, width: 10, height: 10, rx: 2, class: "rewrite"}),
                 textWithin(scale, x, y + 18, rewriteText(translate.record), {class: "rewritten"}));
  }
  if (row.drop && row.drop.column !== undefined) {
    const reason = row.drop.record.reason || row.drop.record.text || "";
    group.append(textWithin(scale, scale.x(row.drop.column), y + 20, `✕ ${reason}`, {class: "reason"}));
  }
  if (differs) group.append(svg("text", {x: 4, y: y + 18, class: "differs-word"}, say("otherwise")));
  return {group, height};
}

// The lines above a flow's first packet; a narrow ladder has no room for all of it in one.
function headingsOf(model, flow, scale) {
  const info = model.answer.flows.find((f) => f.id === flow);
  if (!info) return [];
  const line = (...parts) => svg("text", {x: 4, class: "flow"}, ...parts);
  const ends = svg("tspan", {class: "ends"}, `${info.from} → ${info.to}  `);
  const result = svg("tspan", {class: info.well ? "well" : "ill"}, `${info.well ? "✓" : "✕"} ${info.result}`);
  return scale.narrow ? [line(`${info.id}  `, result), line(ends)] : [line(`${info.id}  `, ends, result)];
}

// Draws the ladder into `host`; `onPacket(row)` and `onFold(flow)` are called on a click. `differs(row)` tells which packets
// go another way than in the lab's own run.
function drawLadder(host, model, state, {onPacket, onFold, differs}) {
  const scale = ladderScale(host, model);
  const lines = linesOf(model.rows.filter((r) => !state.flow || r.flow === state.flow || (!r.flow && r.note)), state.unfolded);
  const body = svg("g");
  const titled = new Set();
  let y = 24;
  const write = (element) => { element.setAttribute("y", y); body.append(element); y += LADDER.small; };
  for (const line of lines) {
    const flow = line.row?.flow;
    if (line.type === "row" && flow && !titled.has(flow)) {
      titled.add(flow);
      headingsOf(model, flow, scale).forEach(write);
    }
    if (line.type === "gap") {
      write(svg("text", {x: 4, class: "gap"}, `${line.text}`));
    } else if (line.type === "note") {
      const text = `${line.row.record.node || ""}: ${line.row.record.row ? `${line.row.record.row.outside} ` : ""}${line.row.record.text || line.row.record.kind}`;
      if (!scale.narrow) body.append(timeOf(line.row.ns, y));
      write(textWithin(scale, scale.x(line.row.column ?? 0), y, text, {class: "note"}));
    } else if (line.type === "fold") {
      const fold = svg("text", {x: scale.left + 4, class: "fold", tabindex: "0", role: "button"},
                       `+ ${line.rows.length} ${say(line.rows.length === 1 ? "onePacket" : "morePackets")}`);
      fold.addEventListener("click", () => onFold(line.flow));
      fold.addEventListener("keydown", (e) => { if (e.key === "Enter") onFold(line.flow); });
      write(fold);
    } else {
      const {group, height} = drawRow(model, line.row, scale, y, differs(line.row));
      group.addEventListener("click", () => onPacket(line.row));
      body.append(group);
      y += height;
    }
  }
  const picture = svg("svg", {viewBox: `0 0 ${scale.width} ${y}`, width: scale.width, height: y, role: "group", "aria-label": say("ladder")});
  picture.append(livesOf(model, scale, y), body);
  host.replaceChildren(headsOf(model, scale), picture);
  host.scale = scale;
}

// Marks the packet and the place at which the reader stands; unfolds nothing.
function markLadder(host, model, record) {
  for (const old of host.querySelectorAll(".here")) old.classList.remove("here");
  for (const old of host.querySelectorAll(".stand")) old.remove();
  const group = record?.packet && host.querySelector(`[data-packet="${record.packet}"]`);
  if (!group) return;
  group.classList.add("here");
  const column = model.columns.find((c) => c.name === groupOf(record.node || ""));
  const hit = group.querySelector(".hit");
  if (column) group.append(svg("circle", {cx: host.scale.x(column.index), cy: hit.dataset.y, r: 9, class: "stand"}));
  // What is seen of the ladder: the window may end before it does.
  const frame = host.getBoundingClientRect();
  const box = group.getBoundingClientRect();
  const top = frame.top + LADDER.top;
  const bottom = Math.min(frame.bottom, window.innerHeight);
  if (box.top < top || (box.bottom > bottom - 8 && bottom > top + 60)) host.scrollTop += box.top - top - Math.max(0, (bottom - top) / 3);
}
