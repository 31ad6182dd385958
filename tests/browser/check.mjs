// Opens reports in Chromium: no console error, no request, nothing wider than the screen, everything reachable by
// keyboard, and no violation of axe-core's rules, at three widths, in the light, in the dark and on paper.
//
//     node check.mjs REPORT.html [MORE.html ...] [--pictures FOLDER]

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const flags = ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const widths = [360, 768, 1280];

const given = process.argv.slice(2);
const at = given.indexOf('--pictures');
const pictures = at < 0 ? undefined : given.splice(at, 2)[1];
if (pictures) mkdirSync(pictures, { recursive: true });
const profile = mkdtempSync(join(tmpdir(), 'report-'));
const browser = await chromium.launchPersistentContext(profile, { executablePath: '/usr/bin/chromium', args: flags });
let passed = 0;
const failures = [];
for (const report of given) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of widths) {
      await look(report, width, colorScheme);
    }
  }
  await print(report);
}
await browser.close();
rmSync(profile, { recursive: true, force: true });
failures.forEach((failure) => console.error(failure));
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 || passed === 0 ? 1 : 0;

async function look(report, width, colorScheme) {
  const name = `${basename(report, '.html')}-${width}-${colorScheme}`;
  const page = await open(report, name);
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme });
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  expect(name, 'nothing is wider than the screen',
    await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
  await page.keyboard.press('Tab');
  expect(name, 'the first stop of the keyboard leads past the contents',
    await page.evaluate(() => document.activeElement.matches('a.skip')));
  await page.locator('summary').first().focus();
  await page.keyboard.press('Enter');
  expect(name, 'the keyboard opens a table', await page.evaluate(() => document.querySelector('details').open));
  // All tables at once take axe-core long, so that they are open on the phone alone.
  if (width === widths[0]) {
    await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
  }
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run());
  const words = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(' ')}`);
  expect(name, `axe-core: ${words.join('; ')}`, words.length === 0 && found.passes.length > 20);
  await page.close();
}

async function print(report) {
  const name = `${basename(report, '.html')}-print`;
  const page = await open(report, name);
  const path = pictures && join(pictures, `${name}.pdf`);
  const pdf = await page.pdf({ path, format: 'A4', margin: { top: '15mm', bottom: '15mm', left: '15mm', right: '15mm' } });
  expect(name, 'it prints', pdf.length > 10_000);
  await page.close();
}

async function open(report, name) {
  const page = await browser.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) failures.push(`${name}: console: ${message.text()}`);
  });
  page.on('pageerror', (error) => failures.push(`${name}: ${error}`));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) failures.push(`${name}: it asked for ${request.url()}`);
  });
  await page.goto(pathToFileURL(resolve(report)).href);
  return page;
}

function expect(name, what, holds) {
  if (holds) passed += 1;
  else failures.push(`${name}: not so: ${what}`);
}
