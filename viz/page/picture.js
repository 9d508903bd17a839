// The network: inside left, outside right, the gateways between; the packet where it is, a drop with its reason.

const PICTURE = {column: 196, row: 96, width: 148, height: 54, top: 66};

// Where each node and cloud stands: a column for each depth, the file's order within it.
function placesOf(model) {
  const {nodes, networks} = model.answer.setup;
  const byName = new Map(networks.map((n) => [n.name, n]));
  const things = nodes.map((node) => ({
    name: node.name, kind: node.kind, depth: depthOf(node, byName), side: byName.get(node.home)?.side,
    lines: node.interfaces.flatMap((i) => i.addresses.map((a) => a.replace(/\/32$/, ""))),
  }));
  for (const n of networks) if (n.kind === "cloud") things.push({name: n.name, kind: "cloud", depth: n.distance, side: n.side, lines: n.words});
  const depths = [...new Set(things.map((t) => t.depth))].sort((a, b) => b - a);
  const filled = depths.map((depth) => things.filter((t) => t.depth === depth));
  const tallest = Math.max(...filled.map((f) => f.length));
  const places = new Map();
  filled.forEach((column, c) => column.forEach((thing, r) => {
    places.set(thing.name, {...thing, x: 20 + c * PICTURE.column,
                            y: PICTURE.top + (r + (tallest - column.length) / 2) * PICTURE.row});
  }));
  return {places, columns: depths.length, rows: tallest};
}

const centreOf = (p) => [p.x + PICTURE.width / 2, p.y + PICTURE.height / 2];

function drawRegions(picture, places, height) {
  for (const side of ["inside", "between", "outside"]) {
    const those = [...places.values()].filter((p) => p.side === side);
    if (!those.length) continue;
    const left = Math.min(...those.map((p) => p.x)) - 14;
    const right = Math.max(...those.map((p) => p.x)) + PICTURE.width + 14;
    picture.append(svg("rect", {x: left, y: 6, width: right - left, height: height - 12, rx: 10, class: `region ${side}`}),
                   svg("text", {x: left + 14, y: 27, class: `region-name ${side}`}, say(side)));
  }
}

function drawWires(picture, model, places) {
  const group = svg("g", {class: "wires"});
  const wire = (a, b, network) => {
    if (!a || !b) return;
    const [x1, y1] = centreOf(a);
    const [x2, y2] = centreOf(b);
    group.append(svg("line", {x1, y1, x2, y2}, svg("title", {}, [network.name, network.subnet, ...network.words].filter(Boolean).join(", "))));
  };
  for (const network of model.answer.setup.networks) {
    const on = model.answer.setup.nodes.filter((n) => n.interfaces.some((i) => i.network === network.name));
    const hub = network.kind === "cloud" ? network : on.reduce((best, n) => (!best || n.interfaces.length > best.interfaces.length ? n : best), null);
    for (const node of on) if (node !== hub) wire(places.get(hub.name), places.get(node.name), network);
  }
  picture.append(group);
}

function drawPlace(place, differs) {
  const {x, y} = place;
  const group = svg("g", {class: `node ${place.kind}${differs ? " differs" : ""}`, "data-node": place.name});
  group.append(svg("rect", {x, y, width: PICTURE.width, height: PICTURE.height, rx: place.kind === "cloud" ? 27 : 6}),
               svg("text", {x: x + PICTURE.width / 2, y: y + (place.lines.length ? 19 : 32), class: "name", "text-anchor": "middle"}, place.name));
  place.lines.slice(0, 2).forEach((line, n) => {
    group.append(svg("text", {x: x + PICTURE.width / 2, y: y + 34 + n * 13, class: "line", "text-anchor": "middle"}, line));
  });
  if (differs) group.append(svg("text", {x: x + PICTURE.width / 2, y: y + PICTURE.height + 14, class: "differs-word", "text-anchor": "middle"}, say("otherwise")));
  return group;
}

// Draws the network into `host`; `differs` holds the names of the nodes that decided otherwise than in the lab's own run.
function drawPicture(host, model, differs) {
  const {places, columns, rows} = placesOf(model);
  const width = 40 + (columns - 1) * PICTURE.column + PICTURE.width;
  const height = PICTURE.top + rows * PICTURE.row + 12;
  const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": say("network")});
  drawRegions(picture, places, height);
  drawWires(picture, model, places);
  for (const place of places.values()) picture.append(drawPlace(place, differs.has(place.name)));
  picture.append(svg("g", {class: "moving"}));
  host.replaceChildren(picture);
  host.places = places;
  host.model = model;
  host.pictureWidth = width;
}

// The wire that the packet of `record` came by: from the node of its record before.
function wireOf(model, record, places) {
  const row = model.rows.find((r) => r.packet === record.packet);
  const at = row?.at.findIndex((a) => a.record === record) ?? -1;
  for (let i = at - 1; i >= 0; --i) {
    const from = groupOf(row.at[i].record.node || "");
    if (from !== groupOf(record.node || "")) return places.get(from);
  }
  return null;
}

function markPicture(host, record) {
  const moving = host.querySelector(".moving");
  if (!moving) return;
  moving.replaceChildren();
  for (const node of host.querySelectorAll(".node.here")) node.classList.remove("here");
  const place = record && host.places.get(groupOf(record.node || ""));
  if (!place) return;
  host.querySelector(`[data-node="${CSS.escape(place.name)}"]`)?.classList.add("here");
  const shown = host.querySelector("svg").getBoundingClientRect().width / host.pictureWidth;
  host.scrollLeft = place.x * shown - host.clientWidth / 3;
  host.querySelector(".label")?.remove();
  if (!record.packet) return;
  const bytes = bytesOf(record.bytes);
  const from = wireOf(host.model, record, host.places);
  if (from) {
    const [x1, y1] = centreOf(from);
    const [x2, y2] = centreOf(place);
    moving.append(svg("line", {x1, y1, x2, y2, class: "way"}));
    host.querySelector(".wires").after(moving);  // under the nodes
  }
  const lines = record.kind === "drop" ? [`✕ ${record.reason || record.text || ""}`]
    : [kindOf(bytes), `${endOf(bytes, true)} →`, endOf(bytes, false)];
  const x = place.x + PICTURE.width / 2;
  const label = svg("g", {class: `label ${record.kind === "drop" ? "reason" : "tuple"}`});
  lines.forEach((text, n) => label.append(svg("text", {x, y: place.y - 7 - (lines.length - 1 - n) * 13, "text-anchor": "middle"}, text)));
  host.querySelector("svg").append(label);
}
