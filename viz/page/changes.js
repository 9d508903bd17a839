// What changed: the first differing decision of each flow against the run before and against the lab's own.

// Of a comparison that the engine made: which flows, nodes and packets go another way.
function differencesIn(comparison) {
  const differing = (comparison?.flows ?? []).filter((f) => !f.same);
  return {
    flows: new Set(differing.map((f) => f.flow)),
    nodes: new Set(differing.map((f) => groupOf((f.node || "").split("/")[0]))),
    // A packet's row is where its flow first went another way.
    row: (row) => differing.some((f) => f.flow === row.flow && row.at?.some(({record}) => record.ns === f.ns && (record.node === f.node.split("/")[0]))),
  };
}

function drawComparison(title, comparison, onGo) {
  if (!comparison) return null;
  const differing = comparison.flows.filter((f) => !f.same);
  const body = differing.length
    ? html("ul", {class: "changes"}, differing.map((f) => html("li", {},
        html("button", {type: "button", class: "plain", onclick: () => onGo(f)}, `${f.flow === "-" ? say("tableWord") : f.flow}, ${seconds(f.ns)} s, ${f.node}`),
        html("pre", {}, f.text))))
    : html("p", {class: "quiet"}, say("sameRun"));
  return html("section", {}, html("h3", {}, title), body);
}

// Draws both comparisons into `host`; `onGo(flow)` is called where the reader wants to see one.
function drawChanges(host, difference, onGo) {
  host.replaceChildren(...[drawComparison(say("againstLab"), difference.lab, onGo),
                           drawComparison(say("againstBefore"), difference.before, onGo)].filter(Boolean));
}
