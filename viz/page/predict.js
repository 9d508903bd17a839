// Predict, then see: before the run of an edit is shown, the page asks what becomes of the flow that the edit touches.

// Resolves when the reader has predicted or wants to go on without. `answer` is the run that is held back, `about` its variant
// and file.
function askPrediction(host, answer, flowId, score, about) {
  const flow = answer.flows.find((f) => f.id === flowId);
  if (!flow) return Promise.resolve();
  const places = ["", ...answer.setup.nodes.map((n) => n.name), ...answer.setup.networks.filter((n) => n.kind === "cloud").map((n) => n.name)];
  return new Promise((resolve) => {
    const result = choice({"aria-label": say("result")}, answer.results.map((r) => [r, r]), "");
    const place = choice({"aria-label": say("place")}, places.map((p) => [p, p || say("nowhere")]), "");
    const close = () => { host.hidden = true; host.replaceChildren(); resolve(); };
    const form = html("form", {onsubmit: (event) => {
      event.preventDefault();
      const right = result.value === flow.result && place.value === groupOf(flow.at);
      score.asked += 1;
      score.right += right ? 1 : 0;
      score.said.push({flow: flow.id, result: result.value, place: place.value, ...about});
      byId("score").textContent = `${say("predicted")} ${score.right} ${say("of")} ${score.asked}. ${right ? "✓" : "✕"} ${flow.id}: ${flow.result}${flow.at ? ` (${flow.at})` : ""}`;
      close();
    }}, html("p", {class: "ask"}, `${say("whatBecomes")} ${flow.id} (${flow.from} → ${flow.to})?`),
      html("label", {}, `${say("result")} `, result), html("label", {}, `${say("endsAt")} `, place),
      html("button", {type: "submit", class: "strong"}, say("see")),
      html("button", {type: "button", class: "plain", onclick: close}, say("skip")));
    host.replaceChildren(form);
    host.hidden = false;
  });
}
