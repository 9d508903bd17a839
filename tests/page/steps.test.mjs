// The page stands at each event of 03 and shows what the program's JSON trace says of it.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import {after, test} from "node:test";
import {closeBrowser, folder, masqsim, open, pageOf, scenario, textOf} from "./browser.mjs";

after(closeBrowser);

const dotted = (hex, at) => [0, 1, 2, 3].map((i) => parseInt(hex.substr(2 * (at + i), 2), 16)).join(".");
const word = (hex, at) => parseInt(hex.substr(2 * at, 4), 16);

// The table after each record, from the JSON trace alone.
function tablesOf(records) {
  const rows = new Map();
  return records.map((record) => {
    for (const [key, row] of rows) if (row.gone) rows.delete(key);
    if (record.row && ["translate", "change", "table"].includes(record.kind)) {
      rows.set(record.row.flow, {...record.row, gone: record.kind === "change"});
    }
    return [...rows.values()].map((r) => [r.protocol, r.inside, r.outside, r.remote, r.state]);
  });
}

for (const variant of ["", "@forwarded"]) {
  test(`each step of 03${variant} shows the packet and the table of the JSON trace`, async () => {
    const json = path.join(folder, "03.json");
    masqsim("run", scenario("03") + variant, "--json", json, "-q");
    const records = fs.readFileSync(json, "utf8").trim().split("\n").slice(1, -1).map((line) => JSON.parse(line));
    const tables = tablesOf(records);
    const {page, close} = await open(pageOf(scenario("03") + variant));
    const steps = Number(await page.getAttribute("#slider", "max")) + 1;
    const stands = records.map((r, index) => ({...r, index})).filter((r, index) => {
      const born = r.kind === "send" && records.findIndex((o) => o.packet === r.packet) === index;
      return born || ["receive", "translate", "deliver", "drop", "change", "action"].includes(r.kind);
    });
    assert.equal(steps, stands.length);
    await page.click("#first");
    for (const record of stands) {
      const shown = await page.evaluate(() => ({
        packet: document.getElementById("packet").innerText,
        fields: [...document.querySelectorAll("#packet .fields tbody tr:not(.layer)")].map((r) => [r.children[0].textContent, ...[...r.querySelectorAll("td")].map((d) => d.firstChild.textContent)]),
        bytes: [...document.querySelectorAll("#packet [data-byte]")].map((b) => b.textContent).join(""),
        table: [...document.querySelectorAll("#table tbody tr")].map((r) => [...r.children].slice(0, 5).map((c) => c.textContent)),
      }));
      // Cut to microseconds, as the story says it.
      assert.ok(shown.packet.startsWith((Math.trunc(record.ns / 1000) / 1e6).toFixed(6)), `${shown.packet} at ${record.ns}`);
      assert.deepEqual(shown.table, tables[record.index], `the table at record ${record.index}, ${JSON.stringify(record)}`);
      if (record.bytes) {
        assert.equal(shown.bytes, record.bytes.slice(0, 2 * 192));
        const field = (name) => shown.fields.find((f) => f[0] === name);
        const last = (name) => field(name).at(-1);
        assert.equal(last("source address"), dotted(record.bytes, 12));
        assert.equal(last("destination address"), dotted(record.bytes, 16));
        assert.equal(last("time to live"), String(parseInt(record.bytes.substr(16, 2), 16)));
        assert.equal(last("header checksum"), `0x${record.bytes.substr(20, 4)}`);
        if (record.before) {
          assert.equal(field("source address")[1], dotted(record.before, 12));
          assert.equal(field("source port")[1], String(word(record.before, 20)));
          assert.equal(field("destination port")[1], String(word(record.before, 22)));
        }
      }
      if (record.kind === "drop") assert.ok(shown.packet.includes(record.reason));
      await page.click("#next");
    }
    await close();
  });
}

test("the checksum arithmetic ends at the packet's own sum", async () => {
  const {page, close} = await open(pageOf(scenario("03")));
  for (let n = 0; n < 4; ++n) {
    await page.keyboard.press("n");
    const sums = await page.evaluate(() => [...document.querySelectorAll("#packet .sums")].map((t) => ({
      caption: t.caption.textContent, last: t.rows[t.rows.length - 1].cells[1].textContent})));
    assert.equal(sums.length, 2);
    for (const sum of sums) assert.ok(sum.caption.endsWith(` ${sum.last}`), JSON.stringify(sum));
  }
  await close();
});

test("the keyboard alone steps, jumps, seeks, plays and asks why", async () => {
  const {page, close} = await open(pageOf(scenario("03")));
  const at = async () => Number((await textOf(page, "#position")).match(/\d+/)[0]);
  const press = async (key) => { await page.keyboard.press(key); return at(); };
  assert.equal(await press("Home"), 1);
  assert.equal(await press("ArrowRight"), 2);
  assert.equal(await press("ArrowDown"), 3);
  assert.equal(await press("ArrowLeft"), 2);
  const last = await press("End");
  assert.equal(last, Number(await page.getAttribute("#slider", "max")) + 1);
  await press("Home");
  await press("n");
  assert.match(await page.getAttribute("#slider", "aria-valuetext"), /^0\.001003 s, is translated by gw$/);
  await press("d");
  assert.match(await page.getAttribute("#slider", "aria-valuetext"), /no-route/);
  await press("d");
  assert.match(await page.getAttribute("#slider", "aria-valuetext"), /no-mapping/);
  for (let n = 0; n < 60 && !(await page.evaluate(() => document.activeElement?.textContent.startsWith("Why"))); ++n) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#try");
  assert.match(await textOf(page, "#why-text"), /no-mapping/);
  await page.evaluate(() => document.activeElement.blur());
  await press("Home");
  await page.keyboard.press(" ");
  assert.equal(await textOf(page, "#play"), "Pause");
  await page.waitForFunction(() => document.getElementById("slider").value > 1);
  await page.keyboard.press(" ");
  assert.equal(await textOf(page, "#play"), "Play");
  await page.keyboard.press("?");
  assert.ok(await page.evaluate(() => document.getElementById("help").open));
  await close();
});
