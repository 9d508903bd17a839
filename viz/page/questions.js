// The questions of the lab. The page does not know the answers: the engine holds each one against the run that is shown, and
// where it does not run, a salted hash tells whether an answer is the recorded run's.

const folded = (text) => text.replace(/[ \t\r\n]+/g, " ").trim().replace(/[A-Z]/g, (c) => c.toLowerCase());

async function fitsHash(question, text) {
  const bytes = new TextEncoder().encode(question.salt + folded(text));
  const sum = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(sum)].map((b) => hex(b, 2)).join("") === question.hash;
}

function drawQuestion(question, index, given, ask) {
  const verdict = html("span", {class: "verdict", role: "status"});
  const hint = html("p", {class: "hint", hidden: true}, question.hint || "");
  const known = given[index] || {};
  const name = `question-${index}`;
  const free = !question.choices?.length;
  const input = free
    ? html("input", {type: "text", name, value: known.text || "", "aria-label": say("answer"), autocomplete: "off", spellcheck: "false"})
    : html("div", {class: "choices", role: "radiogroup", "aria-label": question.ask}, question.choices.map((choice) => html("label", {},
        html("input", {type: "radio", name, value: String(choice), checked: known.text === String(choice)}), ` ${choice}`)));
  const tell = ({right, none}) => {
    verdict.textContent = right ? `✓ ${say("right")}` : none ? say("noneRight") : `✕ ${say("wrong")}`;
    verdict.className = `verdict ${right ? "right" : "wrong"}`;
  };
  if (known.right !== undefined) tell(known);
  const form = html("form", {onsubmit: async (event) => {
    event.preventDefault();
    const text = free ? input.value : form.querySelector("input:checked")?.value ?? "";
    if (!text.trim()) return;
    const answer = await ask(index, text);
    given[index] = {text, trace: answer.trace, right: answer.right, none: answer.none, tries: (given[index]?.tries || 0) + 1};
    tell(given[index]);
  }}, html("p", {class: "ask"}, question.ask), input,
    html("p", {class: "tools"}, html("button", {type: "submit"}, say("check")),
      question.hint ? html("button", {type: "button", class: "plain", onclick: () => { hint.hidden = !hint.hidden; }}, say("hint")) : null, verdict), hint);
  return html("li", {}, form);
}

// Draws all into `host`; `given` keeps what was answered, `ask(index, text)` tells whether it is right.
function drawQuestions(host, questions, given, ask) {
  if (!questions.length) { host.replaceChildren(html("p", {class: "quiet"}, say("noQuestions"))); return; }
  host.replaceChildren(html("ol", {class: "questions"}, questions.map((question, index) => question.asked === false
    ? html("li", {}, html("p", {class: "ask quiet"}, question.ask), html("p", {class: "quiet"}, say("notAsked")))
    : drawQuestion(question, index, given, ask))));
}
