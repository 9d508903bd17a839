// Elements made from data. Texts are set as texts and attributes by name, so that no name, title or payload becomes markup.

const SVG = "http://www.w3.org/2000/svg";

function html(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") element.className = value;
    else if (key === "value") element.value = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined) element.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
  return element;
}

function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  for (const child of children) element.append(child);
  return element;
}

const byId = (id) => document.getElementById(id);

// A select whose options are [value, shown].
function choice(attributes, options, chosen) {
  return html("select", attributes, options.map(([value, shown]) => html("option", {value, selected: value === chosen}, shown)));
}

function download(blob, name) {
  const url = URL.createObjectURL(blob);
  html("a", {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
