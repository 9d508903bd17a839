// The translation table at the step where the reader stands, and the life of its entries as bars over the whole run.

// "192.168.1.10:40000" that may break before its port.
const breakable = (text) => text.split(/(?=:\d)/).flatMap((part, n) => (n ? [html("wbr"), part] : [part]));

function drawTable(host, model, last, differing) {
  const rows = tableAt(model, last);
  if (!rows.length) { host.replaceChildren(html("p", {class: "quiet"}, say("tableEmpty"))); return; }
  const many = new Set(model.entries.map((e) => e.gateway)).size > 1;
  const names = [...(many ? ["gateway"] : []), "protocol", "insideEnd", "outsideEnd", "remote", "state", "left"];
  const body = html("tbody", {}, rows.map((row) => {
    const marks = [row.mark && say(row.mark) + (row.why && row.why !== "expired" ? ` (${row.why})` : ""),
                   differing.has(row.scenarioFlow) && say("otherwise")].filter(Boolean).join(", ");
    const cells = [...(many ? [row.gateway] : []), row.protocol, row.inside, row.outside, row.remote, row.state, row.mark === "expired" ? "" : spanWords(row.left)];
    return html("tr", {class: row.mark}, cells.map((c, n) => html("td", {}, breakable(c), n === cells.length - 1 && marks ? html("span", {class: "mark"}, marks) : null)));
  }));
  host.replaceChildren(html("table", {class: "nat"},
    html("thead", {}, html("tr", {}, names.map((n) => html("th", {scope: "col"}, say(n))))), body));
}

const BARS = {label: 190, width: 420, row: 18, most: 40};

// One bar an entry, from its making to its end; the line is where the reader stands, and a click goes there.
function drawBars(host, model, last, onTime) {
  const entries = model.entries.slice(0, BARS.most);
  host.hidden = !entries.length;
  if (!entries.length) { host.replaceChildren(); return; }
  const end = Math.max(model.answer.end_ns, 1);
  const x = (ns) => BARS.label + (ns / end) * BARS.width;
  const height = 22 + entries.length * BARS.row;
  const picture = svg("svg", {viewBox: `0 0 ${BARS.label + BARS.width + 10} ${height}`, role: "img", "aria-label": say("lives")});
  entries.forEach((entry, n) => {
    const y = 16 + n * BARS.row;
    const {row} = entry.says.at(-1);
    const to = x(entry.gone ? entry.gone.ns : end);
    picture.append(svg("text", {x: BARS.label - 8, y: y + 10, "text-anchor": "end", class: "address"}, `${row.protocol} ${row.inside}`),
                   svg("rect", {x: x(entry.born), y, width: Math.max(3, to - x(entry.born)), height: 11, rx: 2, class: entry.gone ? "bar gone" : "bar"},
                       svg("title", {}, `${row.outside}, ${row.remote}`)));
    for (const said of entry.says) {
      if (said.packet) picture.append(svg("line", {x1: x(said.ns), x2: x(said.ns), y1: y, y2: y + 11, class: "beat"}));
    }
  });
  const now = x(model.trace[Math.max(0, last)]?.ns ?? 0);
  picture.append(svg("line", {x1: now, x2: now, y1: 4, y2: height - 2, class: "now"}),
                 svg("text", {x: BARS.label + 4, y: 10, class: "address"}, "0 s"),
                 svg("text", {x: BARS.label + BARS.width, y: 10, class: "address", "text-anchor": "end"}, spanWords(end)));
  picture.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * (BARS.label + BARS.width + 10);
    onTime(Math.max(0, ((at - BARS.label) / BARS.width) * end));
  });
  host.replaceChildren(picture);
}
