// SPDX-License-Identifier: Apache-2.0
// A browser for a test that is written in Python: reads one JSON object per line, {"do": ...}, and answers
// each with one line, {"ok": value} or {"failed": "why"}. See page_browser.py.
//
//   node page_driver.mjs FOLDER-OF-PLAYWRIGHT BROWSER
import { createRequire } from "node:module";
import readline from "node:readline";

const [playwrightFolder, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(`${playwrightFolder}/node_modules/`)("playwright-core");
const PATIENCE_MS = 60000;

const browser = await chromium.launch({
  executablePath,
  args: ["--disable-dev-shm-usage", "--disable-gpu", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])],
});
// A function is called with the argument, anything else is the value.
const evaluate = (code, argument) =>
  page.evaluate(
    `(() => { const value = (${code}); return typeof value === "function" ? value(${JSON.stringify(argument) ?? ""}) : value; })()`,
  );
let page;
let said = []; // what the page wrote to its console as a warning or an error
let asked = []; // addresses of all requests

const ACTIONS = {
  async open({ url, width = 1280, height = 800, scheme = "light", scale = 1 }) {
    await page?.context().close();
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      deviceScaleFactor: scale,
      locale: "en-GB",
      timezoneId: "UTC",
    });
    context.setDefaultTimeout(PATIENCE_MS);
    page = await context.newPage();
    said = [];
    asked = [];
    page.on(
      "console",
      (message) => ["error", "warning"].includes(message.type()) && said.push(message.text()),
    );
    page.on("pageerror", (error) => said.push(`uncaught: ${error.message}`));
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(url);
  },
  go: async ({ hash }) => evaluate("(to) => { location.hash = to; }", hash),
  // Not waitForFunction: that evaluates texts inside the page, which the page's policy forbids.
  async wait({ code, argument }) {
    for (const end = Date.now() + PATIENCE_MS; ;) {
      const value = await evaluate(code, argument);
      if (value) return value;
      if (Date.now() > end)
        throw new Error(
          `not within ${PATIENCE_MS / 1000} s; the page shows: ${(await page.innerText("body")).slice(0, 1500)}`,
        );
      await new Promise((done) => setTimeout(done, 50));
    }
  },
  get: ({ code, argument }) => evaluate(code, argument),
  click: ({ selector }) => page.click(selector),
  fill: ({ selector, text }) => page.fill(selector, text),
  choose: ({ selector, value }) => page.selectOption(selector, value),
  press: ({ key }) => page.keyboard.press(key),
  size: ({ width, height }) => page.setViewportSize({ width, height }),
  shot: async ({ path, clip }) => {
    await page.screenshot({ path, clip: clip ?? undefined, animations: "disabled" });
  },
  said: () => said,
  asked: () => asked,
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  let answer;
  try {
    answer = { ok: (await ACTIONS[order.do](order)) ?? null };
  } catch (error) {
    answer = { failed: String(error.message).replace(/\s+/g, " ").slice(0, 2000) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
