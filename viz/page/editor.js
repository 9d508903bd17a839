// The scenario file beside the picture: `check`'s message under the line while one types, and undo.

const EDITOR = {line: 20, pad: 8, most: 400000};  // pixels as in page.css; characters that a file may have

// `onText(text)` is called with each text that the reader has stopped typing at.
function makeEditor(host, text, onText) {
  const area = html("textarea", {id: "yaml", spellcheck: "false", autocomplete: "off", autocapitalize: "off", wrap: "off", "aria-describedby": "message"});
  const numbers = html("pre", {class: "numbers", "aria-hidden": "true"});
  const bubble = html("div", {class: "message", id: "message", role: "status", hidden: true});
  const undone = [text];
  let timer = 0;
  let line = 1;
  let last = text;  // what stood there before the last input
  area.value = text;

  const layOut = () => {
    const count = Math.min(area.value.split("\n").length, 20000);
    if (Number(numbers.dataset.count) !== count) {
      numbers.dataset.count = count;
      numbers.textContent = Array.from({length: count}, (_, n) => n + 1).join("\n");
    }
    numbers.scrollTop = area.scrollTop;
    const top = line * EDITOR.line - area.scrollTop + EDITOR.pad + 2;
    bubble.style.top = `${Math.min(Math.max(top, 4), area.clientHeight - 60)}px`;
  };
  area.addEventListener("scroll", layOut);
  area.addEventListener("input", () => {
    clearTimeout(timer);
    if (area.value.length > EDITOR.most) {  // a paste that no browser could show with pleasure
      area.value = last;
      return controls.tell([{message: say("large")}]);
    }
    last = area.value;
    layOut();
    timer = setTimeout(() => onText(area.value), 200);
  });
  host.replaceChildren(html("div", {class: "editor"}, numbers, area, bubble));
  layOut();

  const controls = {
    text: () => area.value,
    set(value) { area.value = last = value; layOut(); return onText(value); },
    // A text that ran: undo comes back to it.
    keep(value) { if (undone.at(-1) !== value) undone.push(value); },
    undo() {
      if (undone.length > 1 && undone.at(-1) === area.value) undone.pop();
      return this.set(undone.at(-1));
    },
    // `errors` as the engine tells them; none takes the message away.
    tell(errors) {
      bubble.hidden = errors.length === 0;
      area.setAttribute("aria-invalid", String(errors.length > 0));
      if (!errors.length) return;
      const [e] = errors;
      line = e.line || 1;
      bubble.replaceChildren(html("strong", {}, e.line ? `${e.line}:${e.column} ` : ""), e.message,
                             e.hint ? html("span", {class: "hint"}, e.hint) : "",
                             errors.length > 1 ? html("span", {class: "more"}, ` (+${errors.length - 1})`) : "");
      layOut();
    },
  };
  return controls;
}
