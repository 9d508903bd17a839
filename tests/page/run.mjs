// Runs the browser tests of the lab page. usage: node tests/page/run.mjs PROGRAM
// Where there is no browser, or PROGRAM has no engine to embed, all of them are skipped, and it says so.
import {spawnSync} from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import {fileURLToPath} from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const program = path.resolve(process.argv[2] ?? "build/dev/masqsim");
const skip = (why) => { console.log(`SKIPPED: the browser tests of the lab page did not run: ${why}`); process.exit(77); };

const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!fs.existsSync(chromium)) skip("there is no chromium (.ci/install-page browser)");
const probe = spawnSync(chromium, ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom", "about:blank"], {timeout: 60000});
if (probe.status !== 0) skip(`${chromium} does not start here`);
if (!fs.existsSync(path.join(here, "../../build/page/browser/node_modules/playwright-core"))) skip("there is no playwright-core (.ci/install-page browser)");
if (spawnSync(program, ["lab", "--version"]).status !== 0) skip(`${program} has no engine to embed (.ci/page, then build it)`);

const tests = fs.readdirSync(here).filter((name) => name.endsWith(".test.mjs")).map((name) => path.join(here, name));
const {status} = spawnSync(process.execPath, ["--test", "--test-concurrency=1", ...tests], {stdio: "inherit", env: {...process.env, MASQSIM: program}});
process.exit(status ?? 1);
