// What the browser tests share: pages made by the program under test, opened in Debian's chromium, watched for what no page
// may do: an error, a message on the console, a request.
import assert from "node:assert/strict";
import {execFileSync, spawnSync} from "node:child_process";
import fs from "node:fs";
import {createRequire} from "node:module";
import os from "node:os";
import path from "node:path";
import {fileURLToPath} from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const program = path.resolve(process.env.MASQSIM ?? path.join(root, "build/dev/masqsim"));
export const folder = fs.mkdtempSync(path.join(os.tmpdir(), "masqsim-page-"));
process.on("exit", () => fs.rmSync(folder, {recursive: true, force: true}));

const require = createRequire(path.join(root, "build/page/browser/"));
export const axeSource = () => fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const scenarios = fs.readdirSync(path.join(root, "scenarios")).filter((f) => f.endsWith(".yaml")).sort()
  .map((file) => path.join(root, "scenarios", file));
export const scenario = (start) => scenarios.find((file) => path.basename(file).startsWith(start));
// "" for the base, then each key below `variants:`.
export function variantsOf(file) {
  const [, variants = ""] = fs.readFileSync(file, "utf8").split(/^variants:.*$/m);
  return ["", ...[...variants.matchAll(/^  ([\w-]+):/gm)].map((match) => match[1])];
}

// Runs the program in the folder of this test: {code, out, err}.
export function masqsim(...args) {
  const {status, stdout, stderr} = spawnSync(program, args, {cwd: folder, encoding: "utf8", maxBuffer: 1 << 28, timeout: 60000});
  return {code: status, out: stdout, err: stderr};
}

// The page of `file` (with @VARIANT), written by the program: its path.
export function pageOf(file, name = "page.html") {
  execFileSync(program, ["lab", file, "-o", path.join(folder, name)], {timeout: 120000});
  return path.join(folder, name);
}

let browser = null;
async function launch() {
  const {chromium} = require("playwright-core");
  return chromium.launch({executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"]});
}
export async function closeBrowser() { await browser?.close(); browser = null; }

// Opens `file` and waits until its engine has run the lab (or was refused): {page, close}. `close` fails the test where the
// page did what it may not; `console: false` lets it say something.
export async function open(file, options = {}) {
  browser ??= await launch();
  const context = await browser.newContext({viewport: {width: 1440, height: 1000}, acceptDownloads: true, ...options});
  const page = await context.newPage();
  const seen = {messages: [], requests: []};
  page.on("console", (message) => seen.messages.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => seen.messages.push(`error: ${error.stack}`));
  page.on("request", (request) => { if (!/^(file|blob|data):/.test(request.url())) seen.requests.push(request.url()); });
  await page.goto(`file://${file}`);
  if (options.javaScriptEnabled !== false) {
    await page.waitForFunction(() => document.body.dataset.engine || document.body.classList.contains("recorded"), null, {timeout: 60000});
  }
  return {page, async close({console = true} = {}) {
    await context.close();
    if (console) assert.deepEqual(seen.messages, []);
    assert.deepEqual(seen.requests, []);
  }};
}

// Puts `text` into the file's editor as a paste would, and waits until it has run or was found wrong.
export async function type(page, text) {
  await page.click("#tab-file");
  const before = await page.evaluate(() => document.body.dataset.answered);
  await page.fill("#yaml", text);
  await page.waitForFunction((answered) => {
    const {dataset} = document.body;
    return dataset.answered !== answered && (dataset.runs === dataset.answered || !document.getElementById("message").hidden);
  }, before, {timeout: 60000});
}

export const textOf = (page, selector) => page.evaluate((s) => document.querySelector(s).textContent, selector);
// What the page's own file is, without the questions.
export const yamlOf = (page) => page.evaluate(() => JSON.parse(document.getElementById("lab").textContent).yaml);
