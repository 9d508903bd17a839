// What one changes in the page runs there as it runs in the program, byte for byte.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import {after, test} from "node:test";
import {closeBrowser, folder, masqsim, open, pageOf, scenario, scenarios, textOf, type, variantsOf, yamlOf} from "./browser.mjs";

after(closeBrowser);

// What the program says of the same text: fingerprint and story.
function native(text, name, variant) {
  fs.writeFileSync(path.join(folder, `${name}.yaml`), text);
  const file = `${name}.yaml${variant ? `@${variant}` : ""}`;
  const {out} = masqsim("run", file);
  return {story: out, fingerprint: JSON.parse(masqsim("run", file, "--format", "json").out).trace};
}

const shown = async (page) => ({story: await textOf(page, "#story"), fingerprint: await textOf(page, "#fingerprint")});

// Edits that most files take; each gives another run.
const EDITS = [
  ["another seed", (yaml) => `seed: 77\n${yaml}`],
  ["every delay is another one", (yaml) => yaml.replace(/delay: \d+ms/g, "delay: 17ms")],
  ["the gateway maps and filters as RFC 4787 wants", (yaml) => yaml.replace(/^( +)nat:\s*\n/m, "$1nat:\n$1  preset: rfc\n")],
  ["half of the packets are lost", (yaml) => yaml.replace(/delay: \d+ms/, "delay: 3ms, loss: 50%")],
];

for (const file of scenarios) {
  test(`${path.basename(file)}: the page's run is the recorded one, and follows edits as the program does`, {timeout: 300000}, async () => {
    for (const variant of variantsOf(file)) {
      const {page, close} = await open(pageOf(file + (variant ? `@${variant}` : "")));
      assert.equal(await page.evaluate(() => document.body.dataset.engine), "equal", variant);
      const yaml = await yamlOf(page);
      const name = yaml.match(/^name: (\S+)/m)[1];
      assert.deepEqual(await shown(page), native(yaml, name, variant));
      // Every variant is run as it is, the base with each edit.
      for (const [what, edit] of variant ? [] : EDITS) {
        const edited = edit(yaml);
        if (edited === yaml) continue;
        await type(page, edited);
        fs.writeFileSync(path.join(folder, `${name}.yaml`), edited);
        const check = masqsim("check", `${name}.yaml`);
        if (check.code !== 0) {
          assert.ok(await page.isVisible("#message"), `${what} is wrong, and the page says so: ${check.out}`);
          continue;
        }
        assert.deepEqual(await shown(page), native(edited, name, variant), `${variant}: ${what}`);
      }
      await close();
    }
  });
}

test("the form changes the file, the run, the picture of what changed; undo takes it back", async () => {
  const {page, close} = await open(pageOf(scenario("03")));
  const own = await textOf(page, "#fingerprint");
  await page.fill("[aria-label='gw forward']", '[{tcp: 22, to: "laptop:22"}]');
  await page.press("[aria-label='gw forward']", "Enter");
  await page.waitForFunction((before) => document.getElementById("fingerprint").textContent !== before, own);
  assert.match(await page.inputValue("#yaml"), /forward: \[\{tcp: 22, to: "laptop:22"\}\]/);
  assert.match(await textOf(page, "#story"), /public .* ESTABLISHED/);
  assert.match(await textOf(page, "#changes"), /public, 4\.02\d+ s, gw/);
  assert.equal(await page.evaluate(() => document.querySelectorAll("#ladder .differs").length > 0), true);
  assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll("#picture .node.differs")].map((n) => n.dataset.node)), ["gw"]);
  await page.click("#undo");
  await page.waitForFunction((before) => document.getElementById("fingerprint").textContent === before, own);
  assert.equal(await page.evaluate(() => document.querySelectorAll("#ladder .differs").length), 0);
  await close();
});

test("the remedy of a drop is tried with one click", async () => {
  const {page, close} = await open(pageOf(scenario("03")));
  await page.keyboard.press("End");
  await page.keyboard.press("Home");
  await page.keyboard.press("d");
  await page.keyboard.press("d");
  await page.click("#packet button.strong");
  await page.click("#try");
  await page.waitForFunction(() => /public .* ESTABLISHED/.test(document.getElementById("story").textContent));
  await close();
});

test("questions: wrong, right, a hint, and none of the answers in the page's text", async () => {
  const made = pageOf(scenario("03"));
  const embedded = fs.readFileSync(made, "utf8").match(/<script type="application\/json" id="lab">(.*?)<\/script>/s)[1];
  assert.doesNotMatch(embedded, /answer\\?"?:/);
  const {page, close} = await open(made);
  const first = page.locator("#questions li").first();
  await first.locator("input").fill("192.168.1.10:40000");
  await first.locator("button[type=submit]").click();
  await page.waitForSelector("#questions .verdict.wrong");
  await first.getByText("Hint").click();
  assert.match(await first.locator(".hint").innerText(), /gateway's address/);
  await first.locator("input").fill(" 203.0.113.5:40000 ");
  await first.locator("button[type=submit]").click();
  await page.waitForSelector("#questions .verdict.right");
  const second = page.locator("#questions li").nth(1);
  await second.getByText("unreachable", {exact: true}).click();
  await second.locator("button[type=submit]").click();
  await page.waitForFunction(() => document.querySelectorAll("#questions .verdict.right").length === 2);
  await close();
});

test("a prediction is asked for before the run is shown, and counted", async () => {
  const {page, close} = await open(pageOf(scenario("03")));
  const own = await textOf(page, "#fingerprint");
  await page.check("#predict");
  await page.fill("[aria-label='gw forward']", '[{tcp: 22, to: "laptop:22"}]');
  await page.press("[aria-label='gw forward']", "Enter");
  await page.waitForSelector("#prediction form");
  assert.equal(await textOf(page, "#fingerprint"), own, "the run is not shown yet");
  await page.selectOption("#prediction select >> nth=0", "established");
  await page.click("#prediction button[type=submit]");
  await page.waitForFunction((before) => document.getElementById("fingerprint").textContent !== before, own);
  assert.match(await textOf(page, "#score"), /1 of 1/);
  await close();
});

test("captures are those of the program", async () => {
  const {page, close} = await open(pageOf(scenario("03")));
  for (const [point, args] of [["", []], ["gw/home", ["--pcap-at", "gw/home"]]]) {
    await page.selectOption("#points", point);
    const [got] = await Promise.all([page.waitForEvent("download"), page.click("#capture")]);
    masqsim("run", scenario("03"), "-q", "--pcap", "native.pcapng", ...args);
    assert.deepEqual(fs.readFileSync(await got.path()), fs.readFileSync(path.join(folder, "native.pcapng")));
  }
  await close();
});

test("what the page saves is graded by the program: answers, a prediction, the edited file", async () => {
  const {page, close} = await open(pageOf(scenario("03")));
  const first = page.locator("#questions li").first();
  await first.locator("input").fill("203.0.113.5:40000");
  await first.locator("button[type=submit]").click();
  await page.waitForSelector("#questions .verdict.right");
  await page.check("#predict");
  await page.fill("[aria-label='gw forward']", '[{tcp: 22, to: "laptop:22"}]');
  await page.press("[aria-label='gw forward']", "Enter");
  await page.waitForSelector("#prediction form");
  await page.selectOption("#prediction select >> nth=0", "established");
  await page.click("#prediction button[type=submit]");
  await page.waitForFunction(() => /public .* ESTABLISHED/.test(document.getElementById("story").textContent));
  const fourth = page.locator("#questions li").nth(3);
  await fourth.getByText("established", {exact: true}).click();
  await fourth.locator("button[type=submit]").click();
  await page.waitForFunction(() => document.querySelectorAll("#questions .verdict.right").length === 2);
  const [saved] = await Promise.all([page.waitForEvent("download"), page.click("#save-answers")]);
  await saved.saveAs(path.join(folder, "carla.json"));
  const {out, code} = masqsim("grade", scenario("03"), "--answers", "carla.json");
  assert.equal(out.split("\n").slice(0, 3).join("\n"), [
    "lab inbound-fails",
    "student  questions   predictions  expectations  points",
    "carla    1 - - 4 -   1 of 1       2 of 4        3 of 6"].join("\n"));
  assert.equal(code, 0);
  await close();
});
