// A run as the page shows it: columns (nodes from inside to outside), rows (packets), steps (the records that one can stand
// on), and the translation table at each step. All of it is a pure function of the engine's answer.

// "0.001003": cut as the story cuts it, not rounded.
const seconds = (ns) => {
  const micro = Math.floor(ns / 1000);
  return `${Math.floor(micro / 1e6)}.${String(micro % 1e6).padStart(6, "0")}`;
};

// "119 s", "2 min", "1 h 5 min": a time in words.
function spanWords(ns) {
  const s = ns / 1e9;
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  if (s < 120) return `${Math.round(s * 10) / 10} s`;
  const minutes = Math.round(s / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} d`;
}

// The group of a member: "clients" of "clients.17".
const groupOf = (name) => name.replace(/\.\d+$/, "");

// The engine leaves out what a packet's record before says already; afterwards each record has all its bytes.
function unfoldBytes(trace) {
  const last = new Map();
  return trace.map((record) => {
    if (!record.packet) return record;
    const before = last.get(record.packet);
    const bytes = record.bytes ?? before;
    last.set(record.packet, bytes);
    const rewritten = record.kind === "translate" || (record.kind === "drop" && before && bytes !== before);
    return {...record, bytes, ...(rewritten ? {before: record.before ?? before} : {})};
  });
}

// How far inside a node stands: beyond the outermost network -1, between networks halfway.
function depthOf(node, networks) {
  const at = node.interfaces.map((i) => networks.get(i.network)?.distance ?? 0);
  const nearest = Math.min(...at);
  const farthest = Math.max(...at);
  if (at.length > 1) return (nearest + farthest) / 2;
  return farthest === 0 ? -1 : farthest;
}

function columnsOf(answer, trace) {
  const networks = new Map(answer.setup.networks.map((n) => [n.name, n]));
  const seen = new Set(trace.map((r) => groupOf(r.node || "")));
  const columns = [];
  for (const node of answer.setup.nodes) {
    if (seen.has(node.name)) columns.push({name: node.name, kind: node.kind, depth: depthOf(node, networks), node});
  }
  for (const network of answer.setup.networks) {
    if (network.kind === "cloud" && seen.has(network.name)) {
      columns.push({name: network.name, kind: "cloud", depth: network.distance, node: null});
    }
  }
  columns.sort((a, b) => b.depth - a.depth);  // stable: the file's order among equals
  columns.forEach((column, index) => { column.index = index; });
  return columns;
}

// Packets with their records, and notes for what happened without one, in the order of time.
function rowsOf(trace, columns) {
  const byName = new Map(columns.map((c) => [c.name, c.index]));
  const rows = new Map();
  const notes = [];
  trace.forEach((record, index) => {
    const column = byName.get(groupOf(record.node || ""));
    if (!record.packet) {
      if (record.kind === "change" || record.kind === "action") {
        notes.push({note: true, ns: record.ns, record, index, column, flow: record.flow || ""});
      }
      return;
    }
    let row = rows.get(record.packet);
    if (!row) {
      const bytes = bytesOf(record.bytes);
      row = {packet: record.packet, cause: record.cause, flow: record.flow || "", ns: record.ns, at: [], kind: kindOf(bytes), from: column};
      rows.set(record.packet, row);
    }
    row.at.push({column, record, index});
    row.last = record.ns;
    if (record.kind === "translate") {
      row.translate = [...(row.translate || []), {column, record, index}];
      row.made ||= Boolean(record.made_flow || record.made_mapping);
    }
    if (record.kind === "drop") row.drop = {column, record, index};
    if (record.kind === "deliver") row.deliver = {column, record, index};
  });
  const firstOf = (row) => row.at?.[0].index ?? row.index;
  return [...rows.values(), ...notes].sort((a, b) => a.ns - b.ns || firstOf(a) - firstOf(b));
}

// Whether a packet is shown also where its flow's quiet ones are folded: what opens, ends, fails or is the first of its
// kind from its side.
function isNews(row, shown) {
  if (row.drop || row.made || row.kind.startsWith("ICMP") || /SYN|RST|FIN/.test(row.kind)) return true;
  const way = `${row.from}>${row.kind.startsWith("data") ? "data" : row.kind}`;
  if (row.kind === "ACK" || shown.has(way)) return false;
  shown.add(way);
  return true;
}

// What the ladder shows, from top to bottom: {type: "row"|"note"|"gap"|"fold", ...}.
function linesOf(rows, unfolded) {
  const shown = new Map();
  const lines = [];
  let last = null;
  let fold = null;
  for (const row of rows) {
    if (last !== null && row.ns - last > 5e8) {
      lines.push({type: "gap", text: `${spanWords(row.ns - last)} ${say("pass")}`});
      fold = null;
    }
    last = Math.max(row.last ?? row.ns, last ?? 0);
    if (row.note) {
      lines.push({type: "note", row});
      fold = null;
      continue;
    }
    if (!shown.has(row.flow)) shown.set(row.flow, new Set());
    if (isNews(row, shown.get(row.flow)) || unfolded.has(row.flow)) {
      lines.push({type: "row", row});
      fold = null;
    } else if (fold && fold.flow === row.flow) {
      fold.rows.push(row);
    } else {
      fold = {type: "fold", flow: row.flow, rows: [row]};
      lines.push(fold);
    }
  }
  return lines;
}

const STEP_KINDS = new Set(["receive", "translate", "deliver", "drop", "change", "action"]);

// The records that one can stand on: where a packet begins, arrives, is translated, delivered or dropped, and changes.
function stepsOf(trace) {
  const born = new Set();
  const steps = [];
  trace.forEach((record, index) => {
    const birth = record.kind === "send" && !born.has(record.packet);
    if (record.packet) born.add(record.packet);
    if (birth || STEP_KINDS.has(record.kind)) steps.push(index);
  });
  return steps;
}

// The life of every entry of a table: {gateway, row, flow, spans: [{ns, index, row}], gone: {ns, index, why}}.
function entriesOf(trace) {
  const entries = new Map();
  trace.forEach((record, index) => {
    if (!record.row || !["translate", "change", "table"].includes(record.kind)) return;
    const key = `${record.node}/${record.row.flow}`;
    let entry = entries.get(key);
    if (!entry) {
      entry = {gateway: record.node, flow: record.flow || "", born: record.ns, index, says: []};
      entries.set(key, entry);
    }
    if (record.flow) entry.flow = record.flow;
    if (record.kind === "change") entry.gone = {ns: record.ns, index, why: record.text || ""};
    entry.says.push({ns: record.ns, index, row: record.row, packet: record.packet || 0});
  });
  return [...entries.values()];
}

// The rows of the gateways' tables when record `last` has happened: {gateway, protocol, inside, outside, remote, state, left,
// mark: "born"|"refreshed"|"expired"|""}. What goes with that very record is among them, marked.
function tableAt(model, last) {
  const now = model.trace[Math.max(0, Math.min(last, model.trace.length - 1))]?.ns ?? 0;
  const rows = [];
  for (const entry of model.entries) {
    if (entry.index > last || (entry.gone && entry.gone.index < last)) continue;
    const said = entry.says.filter((s) => s.index <= last).at(-1);
    const gone = entry.gone?.index === last;
    const touched = said.index === last && model.trace[last].kind === "translate";
    const mark = gone ? "expired" : !touched ? "" : entry.index === last ? "born" : "refreshed";
    rows.push({gateway: entry.gateway, scenarioFlow: entry.flow, ...said.row, mark, why: gone ? entry.gone.why : "",
               left: gone ? 0 : Math.max(0, said.row.left_ns - (now - said.ns))});
  }
  return rows;
}

function modelOf(answer) {
  const trace = unfoldBytes(answer.trace);
  const columns = columnsOf(answer, trace);
  const rows = rowsOf(trace, columns);
  return {answer, trace, columns, rows, steps: stepsOf(trace), entries: entriesOf(trace)};
}
