// The packet at the step where the reader stands: every header field before and after, its bytes, the checksum arithmetic,
// and the questions that the gateway asked itself.

function stepTitle(record) {
  const where = record.point || record.node || "";
  switch (record.kind) {
    case "send": return `${say("leaves")} ${where}`;
    case "receive": return `${say("arrives")} ${where}`;
    case "translate": return `${say("translates")} ${record.node}`;
    case "deliver": return `${say("delivered")} ${record.node}${record.text ? ` (${record.text})` : ""}`;
    case "drop": return `${say("drops")} ${where}: ${record.reason || ""}${record.text ? ` (${record.text})` : ""}`;
    default: return `${record.kind} ${record.node || ""} ${record.text || ""}`;
  }
}

// By which sides of the gateway the packet came and left, as words: ["gw/home", "gw/internet"].
function sidesOf(model, record) {
  const at = model.rows.find((r) => r.packet === record.packet)?.at ?? [];
  const here = at.findIndex((a) => a.record === record);
  const came = at.slice(0, here).filter((a) => a.record.point && a.record.node === record.node).at(-1);
  const left = at.slice(here).find((a) => a.record.point && a.record.node === record.node);
  return [came?.record.point ?? record.node, left?.record.point ?? record.node];
}

function drawFields(record, sides) {
  const after = bytesOf(record.bytes);
  const rewritten = Boolean(record.before);
  const before = rewritten ? bytesOf(record.before) : after;
  const fields = rewritten ? comparedFields(before, after) : fieldsOf(after).map((f) => ({...f, after: f.text}));
  const head = html("tr", {}, html("th", {scope: "col"}, say("field")),
                    rewritten ? html("th", {scope: "col"}, html("span", {}, say("before")), html("span", {class: "side"}, sides[0])) : null,
                    html("th", {scope: "col"}, html("span", {}, say(rewritten ? "after" : "value")), rewritten ? html("span", {class: "side"}, sides[1]) : null));
  const body = html("tbody");
  let layer = "";
  for (const field of fields) {
    if (field.layer !== layer) {
      layer = field.layer;
      body.append(html("tr", {class: "layer"}, html("th", {colspan: rewritten ? 3 : 2, scope: "colgroup"}, layer)));
    }
    const changed = rewritten && field.changed;
    body.append(html("tr", {class: changed ? "changed" : "", "data-at": field.at, "data-length": field.length, tabindex: "-1"},
                     html("th", {scope: "row"}, field.name),
                     rewritten ? html("td", {}, field.before) : null,
                     html("td", {}, changed ? html("strong", {}, field.after) : field.after,
                          changed ? html("span", {class: "mark"}, ` ${say("changed")}`) : null)));
  }
  return html("table", {class: "fields"}, html("thead", {}, head), body);
}

function drawBytes(record) {
  const after = bytesOf(record.bytes);
  const before = record.before ? bytesOf(record.before) : after;
  const line = html("div", {class: "bytes"});
  after.forEach((byte, at) => {
    line.append(html("span", {class: byte !== before[at] ? "changed" : "", "data-byte": at}, hex(byte, 2)));
  });
  return line;
}

function drawArithmetic(record) {
  if (!record.before) return null;
  const updates = sumUpdates(bytesOf(record.before), bytesOf(record.bytes));
  if (!updates.length) return null;
  const box = html("details", {}, html("summary", {}, say("arithmetic")));
  for (const update of updates) {
    const list = html("table", {class: "sums"}, html("caption", {}, `${update.name}: ${update.old} ⇒ ${update.now}`));
    for (const step of update.steps) list.append(html("tr", {}, html("td", {}, step.text), html("td", {}, step.value)));
    box.append(list);
  }
  return box;
}

function drawSteps(record) {
  if (!record.steps?.length) return null;
  const list = html("ol", {class: "asked"});
  for (const step of record.steps) {
    list.append(html("li", {}, html("span", {class: "question"}, step.question), " ",
                     html("strong", {class: step.yes ? "yes" : "no"}, step.yes ? say("yes") : say("no")),
                     step.detail ? html("span", {class: "detail"}, ` ${step.detail}`) : null));
  }
  return html("section", {}, html("h3", {}, say("asked")), list);
}

// Links fields and bytes: pointing at one marks the other.
function linkBytes(host) {
  const mark = (from, to) => {
    for (const span of host.querySelectorAll(".bytes span")) {
      const at = Number(span.dataset.byte);
      span.classList.toggle("pointed", at >= from && at < to);
    }
    for (const row of host.querySelectorAll(".fields tr[data-at]")) {
      const at = Number(row.dataset.at);
      row.classList.toggle("pointed", at < to && at + Number(row.dataset.length) > from);
    }
  };
  host.addEventListener("pointerover", (event) => {
    const row = event.target.closest("tr[data-at]");
    const byte = event.target.closest("[data-byte]");
    if (row) mark(Number(row.dataset.at), Number(row.dataset.at) + Number(row.dataset.length));
    else if (byte) mark(Number(byte.dataset.byte), Number(byte.dataset.byte) + 1);
  });
  host.addEventListener("pointerleave", () => mark(-1, -1));
}

// What the packet at `record` is. `onWhy(flow)` is called where the reader asks why the flow ended so.
function drawInspector(host, model, record, onWhy) {
  if (!record) { host.replaceChildren(html("p", {class: "quiet"}, say("nothing"))); return; }
  const parts = [html("p", {class: "where"}, html("span", {class: "time"}, `${seconds(record.ns)} s `), stepTitle(record))];
  if (record.bytes) {
    const bytes = bytesOf(record.bytes);
    parts.push(html("p", {class: "tuple"}, `${kindOf(bytes)}  ${endOf(bytes, true)} → ${endOf(bytes, false)}`));
  }
  const flow = model.answer.flows.find((f) => f.id === record.flow);
  if (record.kind === "drop" && flow) {
    if (flow.reason === record.reason) parts.push(html("p", {class: "sentence"}, flow.sentence));
    parts.push(html("p", {}, html("button", {type: "button", class: "strong", onclick: () => onWhy(flow.id)}, say("why"))));
  }
  parts.push(drawSteps(record));
  if (record.bytes) {
    parts.push(drawFields(record, sidesOf(model, record)), drawArithmetic(record),
               html("h3", {}, say("bytes")), drawBytes(record));
  }
  host.replaceChildren(...parts.filter(Boolean));
}
