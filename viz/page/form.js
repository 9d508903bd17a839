// The gateway as a form: its rules, and every setting with its sentence. A change is put into the file's text; the file's
// text, run, fills the form.

function valueField(key, onValue) {
  const attributes = {"aria-label": key.name, onchange: (event) => onValue(event.target.value)};
  if (key.kind === "boolean") return choice(attributes, [["true", say("yes")], ["false", say("no")]], key.value);
  if (key.kind === "word") return choice(attributes, key.words.map((w) => [w.text, w.text]), key.value);
  return html("input", {type: "text", value: key.value, autocomplete: "off", spellcheck: "false", ...attributes});
}

function drawKey(key, onValue) {
  const other = key.value !== key.standard;
  return html("div", {class: `key${other ? " other" : ""}`},
    html("div", {class: "key-name"}, html("code", {}, key.name), key.written ? html("span", {class: "written"}, ` ${say("written")}`) : null),
    valueField(key, onValue),
    key.written ? html("button", {type: "button", class: "plain", onclick: () => onValue(""), "aria-label": `${say("standard")} ${key.name}`}, say("standard")) : html("span"),
    html("p", {class: "quiet"}, key.sentence, other ? ` ${say("standard")}: ${key.standard}.` : ""));
}

// A rule is shown as it stands in the file; one of several lines can be changed there only.
function drawRule(gateway, rule, onValue) {
  const lines = rule.text.includes("\n");
  return html("div", {class: "key rule"}, html("div", {class: "key-name"}, html("code", {}, rule.name)),
    html("input", {type: "text", value: rule.text.replace(/\s*\n\s*/g, " "), disabled: lines, title: lines ? say("inFile") : "",
                   "aria-label": `${gateway} ${rule.name}`, autocomplete: "off", spellcheck: "false", placeholder: say("none"),
                   onchange: (event) => onValue(event.target.value.trim())}));
}

// Draws the forms of all gateways into `host`; `onValue(gateway, key, value)` is called with each change, an empty value
// takes the key out of the file.
function drawForms(host, forms, onValue) {
  const open = new Set([...host.querySelectorAll("details[open]")].map((d) => d.dataset.group));
  if (!forms.length) { host.replaceChildren(html("p", {class: "quiet"}, say("noGateway"))); return; }
  host.replaceChildren(...forms.map((form) => {
    const change = (key) => (value) => onValue(form.gateway, key, value);
    const rules = form.rules.map((rule) => drawRule(form.gateway, rule, change(rule.name)));
    const groups = groupKeys(form.keys);
    return html("div", {class: "form"}, html("h3", {}, form.gateway), rules,
      [...groups].map(([group, keys]) => {
        const id = `${form.gateway}/${group}`;
        const told = keys.filter((k) => k.written).length;
        return html("details", {"data-group": id, open: open.has(id)},
                    html("summary", {}, group || say("settings"), html("span", {class: "quiet"}, ` ${keys.length}${told ? `, ${told} ${say("written")}` : ""}`)),
                    keys.map((key) => drawKey(key, change(key.name))));
      }));
  }));
}

function groupKeys(keys) {
  const groups = new Map();
  for (const key of keys) {
    const group = key.name.split(".").slice(0, -1).join(".");
    groups.set(group, [...(groups.get(group) || []), key]);
  }
  return groups;
}
