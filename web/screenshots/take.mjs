// Takes the pictures of web/README.md anew: `make screenshots`, or
//
//   node take.mjs <publication> <statements> <out folder>
//
// The folders are those of the browser tests. The page's clock stands at the snapshot, so that pictures do not age.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { serveFolder } from '../serve.mjs';

const [publication, statements, out] = process.argv.slice(2);
if (!publication || !statements || !out) {
  console.error('usage: node take.mjs <publication> <statements> <out folder>');
  process.exit(2);
}

const newest = readdirSync(join(publication, 'attestations')).sort().at(-1);
const attestation = join(publication, 'attestations', newest);
const { snapshot } = JSON.parse(readFileSync(join(attestation, 'attestation.json'), 'utf8'));
const { statement } = JSON.parse(readFileSync(join(statements, 'honest.json'), 'utf8'));

const server = await serveFolder(publication);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** Opens the page on a statement, has `act` do something, and takes the picture of a part, or of the first screen. */
async function take(name, { context = {}, file = 'honest.por', part, act = async () => {}, before = async () => {} } = {}) {
  const opened = await browser.newContext({ locale: 'en-GB', viewport: { width: 760, height: 1000 }, reducedMotion: 'reduce', ...context });
  const page = await opened.newPage();
  await before(page);
  await page.goto(`${server.origin}/`);
  await page.clock.setFixedTime((snapshot.time + 86_400) * 1000);
  await started(page);
  if (file !== null) {
    await choose(page, file);
  }
  await act(page);
  const path = join(out, `${name}.png`);
  if (part === undefined) {
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path });
  } else {
    await page.locator(part).screenshot({ path });
  }
  await opened.close();
  console.error(name);
}

async function started(page) {
  await page.locator('.verifier', { hasText: /\d\.\d/ }).waitFor();
}

async function choose(page, file) {
  await started(page);
  await page.locator('#statement').setInputFiles(join(statements, file));
  await page.locator('.answer[aria-busy="false"] [data-verdict]:not([data-verdict="waiting"])').first().waitFor();
}

const tab = (name) => async (page) => page.locator(`#tab-${name}`).click();

async function history(page) {
  await tab('history')(page);
  await page.locator('#history-load').click();
  await page.locator('#panel-history .bound').waitFor();
  await page.locator('#panel-history .stack[aria-busy="false"]').waitFor();
}

/** The page as it is before anybody publishes it: without a policy. */
async function withoutPolicy(page) {
  await page.route(`${server.origin}/`, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/(<script type="text\/plain" id="policy">)[^<]*/, '$1');
    await route.fulfill({ response, body });
  });
}

/** A worker that has made the first checks and makes no further one. */
async function whileItRuns(page) {
  const { checks } = JSON.parse(readFileSync(join(statements, 'honest.json'), 'utf8'));
  const script = `postMessage({ kind: 'ready', version: '0.1.0' });
addEventListener('message', ({ data: { kind, id } }) => {
  if (kind === 'check') for (const check of ${JSON.stringify(checks.slice(0, 7))}) postMessage({ kind: 'check', id, json: JSON.stringify(check) });
});`;
  await page.addInitScript((script) => {
    globalThis.Blob = class extends Blob {
      constructor(content, options) {
        super(options?.type?.startsWith('text/javascript') ? [script] : content, options);
      }
    };
  }, script);
}

async function checkRuns(page) {
  await page.locator('#statement').setInputFiles(join(statements, 'honest.por'));
  await page.locator('.made li').nth(6).waitFor();
}

async function unfold(page) {
  await page.locator('#checks .group > summary').first().click();
}

/** A log that is not the one that the device remembers. */
async function rewritten(page) {
  await page.locator('#remember-head').check();
  await page.locator('.visit[data-outcome="passed"]').waitFor();
  await page.evaluate(() => {
    const kept = localStorage.getItem('por-last-heads') ?? '';
    localStorage.setItem('por-last-heads', kept.replace(/"root":"../, '"root":"00'));
  });
  await page.reload();
  await choose(page, 'honest.por');
  await page.locator('.visit[data-outcome="failed"]').waitFor();
}

async function around(page) {
  await tab('assets')(page);
  const printed = readFileSync(fileURLToPath(new URL('../../fixtures/window/window.json', import.meta.url)), 'utf8');
  const found = JSON.parse(printed);
  const text = JSON.stringify({ ...found, attestation: statement.attestation, coins: found.coins.slice(0, 1) });
  await page.locator('#window-file').setInputFiles({ name: 'window.json', mimeType: 'application/json', buffer: Buffer.from(text) });
  await page.locator('.window-of-coin').waitFor();
}

async function addresses(page) {
  await tab('addresses')(page);
  await page.locator('#reserves-file').setInputFiles(join(attestation, 'reserves.jsonl'));
  await page.locator('.signatures', { hasText: /^Of \d/ }).waitFor();
}

async function audit(page) {
  await tab('auditors')(page);
  await page.locator('#audit-start').click();
  await page.locator('.audit-said').waitFor();
}

await take('waiting', { file: null });
await take('checking', { file: null, before: whileItRuns, act: checkRuns });
await take('verified');
await take('cannot-tell', { before: withoutPolicy });
await take('checks', { part: '#checks', act: unfold });
await take('coverage', { part: '#coverage' });
await take('handout', { part: '#handout' });
await take('not-verified', { file: 'forged-amount.por' });
await take('path', { part: '#look', act: tab('path') });
await take('assets', { part: '#look', act: tab('assets') });
await take('heads', { part: '#look', act: tab('heads') });
await take('addresses', { part: '#look', act: addresses });
await take('history', { part: '#panel-history', act: history });
await take('history-arabic', { part: '#panel-history', act: history, context: { locale: 'ar', viewport: { width: 320, height: 640 } } });
await take('audit', { part: '#look', act: audit });
await take('visit-rewritten', { part: '.visit', act: rewritten });
await take('window', { part: '.window', act: around });
await take('arabic', { context: { locale: 'ar' } });
await take('narrow-dark', { context: { colorScheme: 'dark', viewport: { width: 320, height: 1000 } } });
await browser.close();
await server.close();
