// Whatever is typed in, and wherever the page is opened, it says so in words and goes on.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import {after, test} from "node:test";
import {axeSource, closeBrowser, folder, masqsim, open, pageOf, scenario, textOf, type, yamlOf} from "./browser.mjs";

after(closeBrowser);

// Thirty ways to break 03: what is replaced, by what.
const BREAKS = [
  ["masqsim: 1", "masqsim: 9"], ["networks:", "netwroks:"], ["nodes:", "nodes: ["], ["kind: gateway", "kind: gatway"],
  ["{out: internet}", "{out: nowhere}"], ["192.168.1.10/24", "192.168.1.10/99"], ["192.168.1.10/24", "192.168.1.300/24"],
  ["192.168.1.10/24", "192.168.1.1/24"], ["delay: 1ms", "delay: 1"], ["delay: 1ms", "delay: -1ms"], ["rate: 100Mbps", "rate: fast"],
  ["mtu: 1500", "mtu: 7"], ["forward: []", "forward: [{tcp: 70000, to: laptop}]"], ["forward: []", "forward: [{tcp: 22}]"],
  ["forward: []", "forwrad: []"], ["forward: []", "forward: [}"], ["forward: []", "\tforward: []"], ["tcp: 80", "tcp: eighty"],
  ["web:80", "wbe:80"], ["id: out", "id: private"], ["{at: 0s, id", "{at: 0s id"], ["at: 2s", "at: soon"], ["send: 100B", "send: 100"],
  ["result: established", "result: splendid"], ["reason: no-route", "reason: bad-luck"], ["flow: public", "flow: pubic"],
  ["title: Outbound works;", "title: Outbound: works"], ["  web:\n", "  web\n"], ["variants:", "variants: &a *a"], ["name: inbound-fails", "name: \"\\u0000\""],
];

test("thirty broken files: the message is the one of check, under its line, and a mended file runs", {timeout: 300000}, async () => {
  const {page, close} = await open(pageOf(scenario("03")));
  const yaml = await yamlOf(page);
  await page.click("#tab-file");
  for (const [was, is] of BREAKS) {
    const text = yaml.replace(was, is);
    assert.notEqual(text, yaml, was);
    fs.writeFileSync(path.join(folder, "inbound-fails.yaml"), text);
    const {code, out: err} = masqsim("check", "inbound-fails.yaml");
    assert.equal(code, 2, `${is} is no fault: ${err}`);
    const [, line, column, message] = err.match(/^inbound-fails\.yaml:(?:(\d+):(\d+):)? error: (.*)$/m) ?? assert.fail(err);
    await page.fill("#yaml", text);
    await page.waitForFunction((m) => document.getElementById("message").textContent.includes(m), message.split("\\x")[0], {timeout: 10000})
      .catch(async () => assert.fail(`${is}: the page says '${await textOf(page, "#message")}', check '${message}'`));
    if (line) assert.ok((await textOf(page, "#message")).startsWith(`${line}:${column} `), `${is} ${line}:${column}`);
  }
  await type(page, yaml);
  await page.waitForFunction(() => document.getElementById("message").hidden && !document.body.classList.contains("stale"));
  await close();
});

test("ten million characters are refused in words", {timeout: 120000}, async () => {
  const {page, close} = await open(pageOf(scenario("01")));
  await page.click("#tab-file");
  await page.evaluate(() => {
    const area = document.getElementById("yaml");
    area.value = "# a line of the paste\n".repeat(460000);
    area.dispatchEvent(new Event("input"));
  });
  await page.waitForFunction(() => /too long/.test(document.getElementById("message").textContent), null, {timeout: 60000});
  assert.equal(await page.inputValue("#yaml"), await yamlOf(page), "what stood there stays");
  await type(page, await yamlOf(page));
  await page.waitForFunction(() => document.getElementById("message").hidden);
  await close();
});

test("a run without an end is ended, and the page goes on", {timeout: 120000}, async () => {
  const {page, close} = await open(pageOf(scenario("01")));
  const yaml = await yamlOf(page);
  const hog = yaml.replace(/^actions:\n/m, "actions:\n  - {at: 0s, id: hog, from: laptop, ping: web, times: 190000, every: 1ms}\n");
  assert.notEqual(hog, yaml);
  await type(page, hog);
  await page.waitForFunction(() => !/Running/.test(document.getElementById("status").textContent), null, {timeout: 30000});
  const said = `${await textOf(page, "#message")} ${await textOf(page, "#cut")}`;
  assert.match(said, /10 seconds|records are shown|allow/, said);
  await type(page, yaml);
  await page.waitForFunction(() => document.getElementById("message").hidden && document.getElementById("cut").hidden, null, {timeout: 30000});
  await close();
});

test("names and titles that look like markup stay texts", async () => {
  const evil = path.join(folder, "evil.yaml");
  const text = fs.readFileSync(scenario("03"), "utf8")
    .replace(/^title: .*$/m, "title: \"<img src=x onerror=alert(1)>'\\\"</title></script><script>alert(2)</script><!--\"")
    .replace(/hint: ".*?"/, 'hint: "<svg onload=alert(3)>"').replace(/ask: ".*?"/, 'ask: "<iframe src=javascript:alert(4)>"');
  fs.writeFileSync(evil, text);
  const {page, close} = await open(pageOf(evil));
  page.on("dialog", () => assert.fail("a script of the file ran"));
  assert.match(await textOf(page, "#title"), /^<img src=x/);
  assert.equal(await page.evaluate(() => document.querySelectorAll("img[src=x], iframe, svg[onload]").length), 0);
  await close();
});

test("without JavaScript the page tells title, pictures, story, table and questions", async () => {
  const {page, close} = await open(pageOf(scenario("03")), {javaScriptEnabled: false});
  const text = await page.innerText("body");
  for (const part of ["Outbound works; inbound fails twice", "NAT table of gw", "203.0.113.5:40000", "Which router ends it?", "The network"]) {
    assert.ok(text.includes(part), part);
  }
  assert.ok(await page.locator("#static img").first().isVisible());
  assert.equal(await page.isVisible("main"), false);
  await close();
});

test("where WebAssembly is refused the recorded run is there, and answers are checked all the same", async () => {
  const made = pageOf(scenario("03"));
  const strict = path.join(folder, "strict.html");  // as a browser that knows no WebAssembly, or may not run it
  fs.writeFileSync(strict, fs.readFileSync(made, "utf8").replace(" 'wasm-unsafe-eval'", ""));
  const {page, close} = await open(strict);
  assert.ok(await page.evaluate(() => document.body.classList.contains("recorded")));
  assert.match(await textOf(page, "#status"), /recorded run/);
  await page.keyboard.press("n");
  assert.match(await textOf(page, "#packet"), /203\.0\.113\.5/);
  const first = page.locator("#questions li").first();
  await first.locator("input").fill("203.0.113.5:40000");
  await first.locator("button[type=submit]").click();
  await page.waitForSelector("#questions .verdict.right");
  await close({console: false});
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing serious, ${colorScheme}`, {timeout: 120000}, async () => {
    const {page, close} = await open(pageOf(scenario("03")), {colorScheme});
    await page.keyboard.press("n");
    await page.click("#tab-form");
    for (const viewport of [{width: 1440, height: 1000}, {width: 390, height: 844}]) {
      await page.setViewportSize(viewport);
      // The page's policy lets no foreign script in; axe comes by the debugger's door.
      await page.evaluate(`${axeSource()};0`);
      const found = await page.evaluate(async () => (await axe.run(document)).violations.filter((v) => ["serious", "critical"].includes(v.impact))
        .map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html + " " + n.failureSummary).join(" | ")}`));
      assert.deepEqual(found, []);
    }
    await close();
  });
}

test("nothing is wider than a phone, and languages say everything", async () => {
  const {page, close} = await open(pageOf(scenario("03")), {viewport: {width: 390, height: 844}});
  for (const language of ["en", "de", "es"]) {
    await page.selectOption("#language", language);
    assert.equal(await page.evaluate(() => document.documentElement.lang), language);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, language);
    assert.equal(await page.evaluate(() => [...document.querySelectorAll("[data-say]")].filter((e) => e.textContent === e.dataset.say && !["Bytes"].includes(e.textContent)).length), 0);
  }
  await close();
});

test("an output that cannot be written keeps the old one; an invalid file becomes no page", () => {
  const out = path.join(folder, "kept.html");
  fs.writeFileSync(out, "old");
  fs.writeFileSync(path.join(folder, "bad.yaml"), "masqsim: 1\nname: bad\n");
  assert.equal(masqsim("lab", "bad.yaml", "-o", out).code, 2);
  assert.equal(fs.readFileSync(out, "utf8"), "old");
  assert.equal(masqsim("lab", scenario("03"), "-o", "/dev/full").code, 3);
  assert.equal(masqsim("lab", scenario("03"), "-o", path.join(folder, "nowhere", "x.html")).code, 2);
  const [sum, again] = [masqsim("lab", "--version").out, masqsim("lab", "--version").out];
  assert.match(sum, /^[0-9a-f]{64}  /);
  assert.equal(sum, again);
  masqsim("lab", scenario("03"), "-o", "a.html");
  masqsim("lab", scenario("03"), "-o", "b.html");
  assert.deepEqual(fs.readFileSync(path.join(folder, "a.html")), fs.readFileSync(path.join(folder, "b.html")));
});
