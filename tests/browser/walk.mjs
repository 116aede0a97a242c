// A real browser walks through the console as an accountant does: signs in, finds a rejected
// invoice and reads why, mends the cost-code table for a held one, tries it again and sees it
// posted, approves one over the limit, closes the month and takes the workbook away.
//
//   node walk.mjs URL TOKEN TABLE OUT [CHROMIUM]
//
// TABLE is the served pipeline's cost-codes.csv, OUT a folder for the pictures. Prints a line for
// each step; ends with 1 at the first thing that is not as it should be.

import { chromium } from "playwright-core";
import assert from "node:assert/strict";
import { appendFile, mkdir, stat } from "node:fs/promises";
import path from "node:path";

const [url, token, table, out, executablePath = "/usr/bin/chromium"] = process.argv.slice(2);
assert.ok(out, "node walk.mjs URL TOKEN TABLE OUT [CHROMIUM]");
await mkdir(out, { recursive: true });

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true });
const page = await context.newPage();

// Nothing may be refused by the policy, nothing may come from elsewhere, no script may fail.
const faults = [];
page.on("console", (message) => message.type() === "error" && !/status of 4\d\d/.test(message.text()) && faults.push(message.text()));
page.on("pageerror", (error) => faults.push(String(error)));
page.on("request", (request) => {
  const at = request.url();
  if (!at.startsWith(url) && !at.startsWith("data:")) faults.push(`asked elsewhere: ${at}`);
});

const told = (text) => console.log(`ok  ${text}`);

// What stands out over the page's right edge, by tag and class.
function tooWide() {
  const edge = document.documentElement.clientWidth;
  const scrolls = (part) => part && (["auto", "scroll", "hidden"].includes(getComputedStyle(part).overflowX) || scrolls(part.parentElement));
  return [...document.querySelectorAll("main *")]
    .filter((part) => part.getBoundingClientRect().right > edge + 1 && !scrolls(part.parentElement))
    .map((part) => `${part.tagName.toLowerCase()}.${part.className}`)
    .slice(0, 5)
    .join(", ");
}

async function pictures(name) {
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [width, kind] of [[1280, "wide"], [360, "narrow"]]) {
      await page.setViewportSize({ width, height: 900 });
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      const wide = sideways > 0 ? await page.evaluate(tooWide) : "";
      assert.ok(sideways <= 0, `${name} is ${sideways}px too wide at ${width}px: ${wide}`);
      await page.screenshot({ path: path.join(out, `${name}-${scheme}-${kind}.png`), fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 900 });
}

async function go(where) {
  const answer = await page.goto(url + where);
  assert.equal(answer.status(), 200, `${where}: ${answer.status()}`);
  assert.equal(await page.locator("h1").count(), 1, `${where} has one heading of the first rank`);
}

async function runNow() {
  await go(customer);
  await page.getByRole("button", { name: "Run now" }).click();
  await page.waitForURL(url + customer);
  // A long run goes on without the page.
  for (let tries = 0; tries < 100; tries += 1) {
    await go(customer);
    if ((await page.getByText("A run goes on").count()) === 0) return;
    await page.waitForTimeout(1000);
  }
  throw new Error("the run does not end");
}

let customer = "/quickstart";

// Sign in, without a mouse.
await go("/sign-in");
await pictures("sign-in");
await page.keyboard.press("Tab");
await page.getByLabel("Your token").focus();
await page.keyboard.type("mlc_wrong");
await page.keyboard.press("Enter");
await page.getByText("This token is not known").waitFor();
await page.getByLabel("Your token").fill(token);
await page.keyboard.press("Enter");
await page.waitForURL(url + "/");
told("signed in, after a wrong token was refused");

await runNow();
await pictures("customer");
await go("/");
await pictures("today");
told("ran, and saw today at a glance");

// A rejected invoice, and why.
await go(`${customer}/work`);
await pictures("work");
await page.getByLabel("Standing").selectOption("rejected");
await page.getByRole("button", { name: "Show" }).click();
await page.locator("tbody th a").first().click();
const why = await page.locator(".verdict .why").innerText();
assert.ok(why.length > 20, why);
await pictures("rejected");
told(`read why it is rejected: ${why}`);

// Why this account? A posted invoice's line leads to the row of the table. The work list shows what
// waits; one over the limit has been mapped to its end.
await go(`${customer}/work?outcome=approval`);
await page.locator("tbody th a").first().click();
const over = new URL(page.url()).pathname;
await page.locator("tr", { hasText: "gl_account" }).first().locator("a").click();
await page.locator("#why").waitFor();
const row = await page.locator("#why").innerText();
assert.match(row, /cost-codes\.csv|quickstart\.mlc/, row);
await pictures("why");
told("asked why an account is what it is, and was shown its row");

// Mend the table for a held one, and try it again.
await go(`${customer}/work?q=has+no+GL+account`);
await page.locator("tbody th a").first().click();
const sentence = await page.locator(".verdict .why").innerText();
const [, code, type] = /cost code (\S+) with cost type (\S+) has no GL account/.exec(sentence) ?? [];
assert.ok(code, sentence);
await pictures("held");
await appendFile(table, `${code},${type},5310,C030,mended by the walk\n`);
const held = new URL(page.url()).pathname;
for (let tries = 0; ; tries += 1) {
  await page.getByRole("button", { name: "See what would differ…" }).click();
  if ((await page.getByRole("button", { name: "Send" }).count()) === 1) break;
  // One invoice may lack several codes.
  const text = await page.locator("main").innerText();
  const more = /cost code (\S+) with cost type (\S+) has no GL account/.exec(text);
  assert.ok(more && tries < 10, text);
  await appendFile(table, `${more[1]},${more[2]},5310,C030,mended by the walk\n`);
  await go(held);
}
await pictures("again");
await page.getByLabel("Reason, for the log").fill("the table was mended");
await page.getByRole("button", { name: "Send" }).click();
await go(held);
await page.locator(".verdict.posted").waitFor();
assert.match(await page.locator("ol.story").innerText(), /mae/);
await pictures("posted");
told(`mended the table for ${code}, tried it again, and saw it posted`);

// Approve one over the limit.
await go(over);
await page.getByLabel("Reason, for the log").first().fill("seen with the project manager");
await page.getByRole("button", { name: "Approve" }).click();
await page.getByText("is approved").first().waitFor();
await runNow();
await go(over);
await page.locator(".verdict.posted").waitFor();
told("approved one over the limit, and saw it posted by the next run");

// Close the month.
await go(`${customer}/reconciliation`);
await pictures("reconciliation-before");
const period = process.env.PERIOD ?? (await page.getByLabel("Period", { exact: true }).inputValue());
await go(`${customer}/reconciliation?period=${period}`);
await page.getByRole("button", { name: "Read both sides" }).click();
for (let tries = 0; (await page.getByRole("link", { name: "Workbook (.xlsx)" }).count()) === 0; tries += 1) {
  assert.ok(tries < 120, "the statement is not made");
  await page.waitForTimeout(1000);
  await go(`${customer}/reconciliation?period=${period}`);
}
await pictures("reconciliation");
const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Workbook (.xlsx)" }).click()]);
const workbook = path.join(out, "reconciliation.xlsx");
await download.saveAs(workbook);
assert.ok((await stat(workbook)).size > 5_000);
told(`closed ${period} and took the workbook away`);

// The rest of the house.
await go(`${customer}/audit`);
await pictures("audit");
await go(`${customer}/runs`);
await pictures("runs");
await page.locator("tbody th a").first().click();
await pictures("one-run");
await go(`${customer}/budget`);
await pictures("budget");
const missing = await page.goto(`${url}${customer}/nowhere`);
assert.equal(missing.status(), 404);
told("looked at the log, the runs and the rate budget");

await go("/");
await page.getByRole("button", { name: "Sign out" }).click();
await page.waitForURL(/sign-in/);
const answer = await page.goto(url + customer);
assert.match(answer.url(), /sign-in/);
told("signed out, and nothing is shown any more");

assert.deepEqual(faults, []);
await browser.close();
