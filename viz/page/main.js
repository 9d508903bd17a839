// Puts the page together: the run that is shown, what each control does, and the engine that makes the next run.

const lab = JSON.parse(byId("lab").textContent);
const state = {variant: lab.variant, flow: "", unfolded: new Set(), given: {}, score: {asked: 0, right: 0, said: []}, dirty: false};
let model = null;       // of the run that is shown
let difference = null;  // as the engine tells it; null until something was changed
let editor = null;
let engine = null;

const reader = makeReader({model: () => model, flow: () => state.flow, show});
const questionsOf = (variant) => lab.questions[variant] ?? lab.questions[""] ?? [];
const againstLab = () => differencesIn(difference?.lab);

// --- what is shown ---------------------------------------------------------------------------------------------------

function show(index) {
  const record = model.trace[index];
  markLadder(byId("ladder"), model, record);
  markPicture(byId("picture"), record);
  drawInspector(byId("packet"), model, record, explain);
  drawTable(byId("table"), model, index, againstLab().flows);
  drawBars(byId("bars"), model, index, reader.toTime);
  const slider = byId("slider");
  slider.max = Math.max(0, model.steps.length - 1);
  slider.value = reader.step();
  slider.setAttribute("aria-valuetext", record ? `${seconds(record.ns)} s, ${stepTitle(record)}` : say("nothing"));
  byId("position").textContent = `${say("step")} ${reader.step() + 1} ${say("of")} ${model.steps.length}`;
}

function draw() {
  const {answer} = model;
  const differs = againstLab();
  drawLadder(byId("ladder"), model, state, {
    onPacket: (row) => reader.toRecord(row.at[0].index),
    onFold: (flow) => { state.unfolded.add(flow); draw(); },
    differs: differs.row,
  });
  drawPicture(byId("picture"), model, differs.nodes);
  drawForms(byId("form"), answer.forms, changeKey);
  byId("flows").replaceChildren(...[["", say("allFlows")], ...answer.flows.map((f) => [f.id, f.id])]
    .map(([value, shown]) => html("option", {value, selected: value === state.flow}, shown)));
  byId("title").textContent = answer.setup.title || answer.setup.name;
  byId("story").textContent = answer.story;
  byId("fingerprint").textContent = answer.fingerprint;
  byId("expectations").replaceChildren(...answer.expectations.map((e) => html("li", {class: e.met ? "met" : "unmet"},
    html("span", {class: "sign"}, e.met ? "✓ " : "✕ "), e.what, e.met ? null : html("span", {class: "instead"}, ` (${e.instead})`))));
  byId("notes").hidden = !answer.notes.length;
  byId("notes-list").replaceChildren(...answer.notes.map((n) => html("li", {}, `${n.line}: ${n.message}`)));
  byId("cut").hidden = !answer.broken_off && answer.told >= answer.records;
  byId("cut").textContent = [answer.broken_off && `${answer.broken_off}.`, answer.told < answer.records && `${answer.told} ${say("cut")} ${answer.records}.`].filter(Boolean).join(" ");
  byId("captures").replaceChildren(choice({id: "points", "aria-label": say("captureOf")}, [["", say("captureOf")], ...pointsOf(answer).map((p) => [p, p])], ""));
  drawQuestions(byId("questions"), questionsShown(answer), state.given, answerQuestion);
  if (difference) drawChanges(byId("changes"), difference, (f) => reader.toRecord(model.trace.findIndex((r) => r.ns === f.ns && (r.flow ?? "-") === f.flow)));
  reader.goTo(Math.min(reader.step(), model.steps.length - 1));
}

// The recorded run's questions carry their hashes, for a page whose engine does not run.
const questionsShown = (answer) => answer.questions.map((q, n) => ({...questionsOf(state.variant)[n], ...q}));
const pointsOf = (answer) => answer.setup.nodes.flatMap((n) => n.interfaces.map((i) => `${n.count > 1 ? `${n.name}.1` : n.name}/${i.network}`));

function translate() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
}

// --- what the engine is asked ----------------------------------------------------------------------------------------

// Runs `text`; what it says is shown once the reader has predicted, where that is wanted.
async function run(text) {
  const number = run.number = (run.number ?? 0) + 1;
  byId("status").textContent = say("running");
  const answer = await engine.ask({do: "run", yaml: text, variant: state.variant, questions: questionsOf(state.variant)});
  if (number !== run.number) return;  // a later text is on its way
  const errors = answer.ok ? [] : answer.errors ?? [{message: answer.error}];
  editor.tell(errors);
  document.body.dataset.answered = number;
  document.body.classList.toggle("stale", !answer.ok);
  byId("status").textContent = answer.ok ? say("ready") : errors[0].message;
  if (!answer.ok) return;
  const compared = await engine.ask({do: "differences"});
  const touched = compared.before?.flows.find((f) => !f.same && f.flow !== "-");
  if (byId("predict").checked && touched) await askPrediction(byId("prediction"), answer, touched.flow, state.score, {variant: state.variant, file: text});
  if (number !== run.number) return;
  editor.keep(text);
  state.dirty = text !== lab.yaml;
  difference = compared;
  model = modelOf(answer);
  if (!answer.flows.some((f) => f.id === state.flow)) state.flow = "";
  reader.stop();
  byId("why").hidden = true;
  draw();
  document.body.dataset.runs = number;
}

async function changeKey(gateway, key, value) {
  const answer = await engine.ask({do: "edit", gateway, key, value});
  if (answer.ok) editor.set(answer.yaml);
  else byId("status").textContent = answer.error;
}

async function explain(flow) {
  if (!engine) return;
  const answer = await engine.ask({do: "explain", flow});
  byId("why").hidden = false;
  byId("why-text").textContent = answer.ok ? answer.text : answer.error;
  const remedy = answer.remedy?.yaml;
  byId("remedy").replaceChildren(...(remedy ? [html("p", {}, say("remedy"), " ", html("code", {}, answer.remedy.change)),
    html("button", {type: "button", class: "strong", id: "try", onclick: () => editor.set(remedy)}, say("tryIt"))] : []));
  byId("why").scrollIntoView({block: "nearest"});
}

// With the run that the answer is about: the grader holds it against that one.
async function answerQuestion(question, text) {
  const trace = model.answer.fingerprint;
  const answer = engine ? await engine.ask({do: "answer", question, text}) : {right: await fitsHash(questionsOf(state.variant)[question], text)};
  return {...answer, trace};
}

async function capture() {
  const point = byId("points").value;
  const answer = await engine.ask({do: "capture", points: point ? [point] : []});
  if (answer.ok) download(new Blob([answer.bytes]), `${model.answer.setup.name}${point ? `-${point.replace("/", "-")}` : ""}.pcapng`);
}

// As sim/page/answer_sheet.hpp describes it; masqsim grade runs it again.
function saveAnswers() {
  const asked = questionsShown(model.answer);
  const saved = {masqsim: "answers", lab: lab.recorded.setup.name, variant: state.variant, trace: lab.recorded.fingerprint,
                 answers: Object.entries(state.given).map(([n, g]) => ({question: Number(n) + 1, ask: asked[n]?.ask, answer: g.text, tries: g.tries, trace: g.trace})),
                 predictions: state.score.said, file: editor ? editor.text() : lab.yaml};
  download(new Blob([JSON.stringify(saved, null, 1)], {type: "application/json"}), `${lab.recorded.setup.name}-answers.json`);
  state.dirty = false;
}

// --- the controls ----------------------------------------------------------------------------------------------------

function chooseTab(which) {
  for (const name of ["form", "file"]) {
    byId(name).hidden = name !== which;
    byId(`tab-${name}`).setAttribute("aria-selected", String(name === which));
  }
}

function bindControls() {
  const on = (id, does) => byId(id).addEventListener("click", does);
  const buttons = {first: reader.first, back: reader.back, play: reader.play, next: reader.next, last: reader.last,
                   "next-translation": reader.nextTranslation, "next-drop": reader.nextDrop, capture, "save-answers": saveAnswers,
                   undo: () => editor?.undo(), original: () => editor?.set(lab.yaml),
                   "tab-form": () => chooseTab("form"), "tab-file": () => chooseTab("file")};
  for (const [id, does] of Object.entries(buttons)) on(id, does);
  on("save", () => {
    download(new Blob([editor ? editor.text() : lab.yaml], {type: "text/yaml"}), `${model.answer.setup.name}.yaml`);
    state.dirty = false;
  });
  on("theme", () => {
    const root = document.documentElement;
    root.dataset.theme = getComputedStyle(root).getPropertyValue("--is-dark").trim() === "1" ? "light" : "dark";
  });
  reader.whenPlaying((plays) => { byId("play").textContent = say(plays ? "pause" : "play"); });
  byId("slider").addEventListener("input", (event) => reader.goTo(Number(event.target.value)));
  byId("flows").addEventListener("change", (event) => { state.flow = event.target.value; draw(); });
  byId("language").replaceChildren(...Object.entries(LANGUAGES).map(([code, name]) => html("option", {value: code, selected: code === language}, name)));
  byId("language").addEventListener("change", (event) => { language = event.target.value; translate(); draw(); });
  byId("variants").replaceChildren(...["", ...lab.recorded.setup.variants.map((v) => v.name)].map((v) => html("option", {value: v, selected: v === state.variant}, v || say("base"))));
  byId("variants").addEventListener("change", (event) => { state.variant = event.target.value; state.given = {}; editor?.set(editor.text()); });
  window.addEventListener("resize", () => { clearTimeout(state.resized); state.resized = setTimeout(draw, 150); });
  window.addEventListener("beforeunload", (event) => { if (state.dirty) event.preventDefault(); });
}

const KEYS = {ArrowRight: reader.next, ArrowDown: reader.next, ArrowLeft: reader.back, ArrowUp: reader.back, Home: reader.first,
              End: reader.last, " ": reader.play, n: reader.nextTranslation, d: reader.nextDrop,
              "?": () => { byId("help").open = !byId("help").open; byId("help").scrollIntoView({block: "nearest"}); }};

function bindKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=range]), textarea, select")) return;
    const does = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!does || (event.key === " " && event.target.closest("button, summary, [role=button]"))) return;
    event.preventDefault();
    does();
  });
}

// --- the beginning ---------------------------------------------------------------------------------------------------

async function beginEngine() {
  byId("status").textContent = say("starting");
  engine = makeEngine(await inflate(byId("engine").textContent), byId("worker").textContent);
  const begun = await engine.start();
  if (!begun.ok) throw new Error(begun.error);
}

async function open() {
  const wanted = (navigator.language || "en").slice(0, 2);
  if (wanted in LANGUAGES) language = wanted;
  model = modelOf(lab.recorded);
  document.body.classList.add("alive");
  bindControls();
  bindKeys();
  linkBytes(byId("packet"));
  translate();
  chooseTab("form");
  draw();
  try {
    await beginEngine();
  } catch {
    engine = null;
    byId("status").textContent = say("refused");
    document.body.classList.add("recorded");
    return;
  }
  editor = makeEditor(byId("editor"), lab.yaml, run);
  await run(lab.yaml);
  difference = null;
  byId("changes").replaceChildren(html("p", {class: "quiet"}, say("notYet")));
  document.body.dataset.engine = JSON.stringify(model.answer) === JSON.stringify(lab.recorded) ? "equal" : "other";
}

open();
