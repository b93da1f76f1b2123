/** The single-file page, opened from a disk: no server, no network, and the same answers. And what neither form accepts. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './harness/browser.ts';
import { builtPage, newestAttestation, publication, statements } from './harness/folders.ts';
import { choose, openPage, SOME_FILE, verdict, verifierReady } from './harness/page.ts';
import { serveFolder, type StaticServer } from '../../serve.mjs';

let browser: Browser;
let server: StaticServer;
/** A folder that holds the one file and nothing else. */
let alone: string;

beforeAll(async () => {
  browser = await launchChromium();
  server = await serveFolder(builtPage());
  alone = mkdtempSync(join(tmpdir(), 'por-verify-'));
  writeFileSync(join(alone, 'verify.html'), singleFile());
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(alone, { recursive: true, force: true });
});

function singleFile(): string {
  return readFileSync(join(publication(), 'verify.html'), 'utf8');
}

/** Writes a changed single-file page and gives its address. */
function changedFile(name: string, html: string): string {
  writeFileSync(join(alone, name), html);
  return pathToFileURL(join(alone, name)).href;
}

test('the single file works from a disk without a network, and asks for nothing', async () => {
  const { honest, forged } = statements();
  const address = pathToFileURL(join(alone, 'verify.html')).href;
  const opened = await openPage(browser, address, { context: { offline: true } });
  await choose(opened.page, honest);
  expect(await verdict(opened.page)).toBe('verified');
  for (const path of forged) {
    await choose(opened.page, path);
    await opened.page.locator('.drop-title', { hasText: basename(path) }).waitFor();
    expect(await verdict(opened.page), path).toMatch(/^(not_verified|cannot_tell)$/);
  }
  expect(opened.complaints).toEqual([]);
  const outside = opened.requests.filter((url) => url !== address && !/^(data|blob):/.test(url));
  expect(outside).toEqual([]);
  await opened.close();
});

test('w_06_the_single_file_may_connect_to_nothing', async () => {
  const address = pathToFileURL(join(alone, 'verify.html')).href;
  const opened = await openPage(browser, address);
  await verifierReady(opened.page);
  const sent = await opened.page.evaluate((to) => fetch(to).then(() => 'sent', () => 'refused'), `${server.origin}/index.html`);
  expect(sent).toBe('refused');
  expect(opened.complaints.join('\n')).toContain("connect-src 'none'");
  expect(opened.requests.filter((url) => url.startsWith('http'))).toEqual([]);
  await opened.close();
});

test('w_08_the_single_file_keeps_nothing', async () => {
  const address = pathToFileURL(join(alone, 'verify.html')).href;
  const opened = await openPage(browser, address);
  await choose(opened.page, statements().honest);
  await verdict(opened.page);
  const left = await opened.page.evaluate(() => [location.href, localStorage.length, sessionStorage.length, document.cookie]);
  expect(left).toEqual([address, 0, 0, '']);
  await opened.close();
});

test('the two forms run the same script and style, byte for byte', () => {
  const html = readFileSync(join(builtPage(), 'verify.html'), 'utf8');
  const assets = join(builtPage(), 'assets');
  const bundled = readdirSync(assets).filter((name) => /\.(js|css)$/.test(name));
  expect(bundled).toHaveLength(2);
  for (const name of bundled) {
    expect(html.includes(`>${readFileSync(join(assets, name), 'utf8')}</`), name).toBe(true);
  }
  expect(Buffer.byteLength(html)).toBeLessThanOrEqual(1_000_000);
});

test('w_02_a_tampered_script_in_the_single_file_does_not_run', async () => {
  const html = singleFile().replace('<script type="module">', '<script type="module">document.title="tampered";');
  const opened = await openPage(browser, changedFile('script.html', html));
  expect(await opened.page.title()).toBe('Check your statement');
  expect(await opened.page.locator('h1').textContent()).toBe('Nothing has been verified');
  expect(opened.complaints.join('\n')).toContain('Content Security Policy');
  await opened.close();
});

test('w_02_a_damaged_verifier_in_the_single_file_verifies_nothing', async () => {
  const html = singleFile().replace(/(id="resource-verifier">.{4000}).{8}/, '$1AAAAAAAA');
  const opened = await openPage(browser, changedFile('verifier.html', html));
  await choose(opened.page, statements().honest);
  expect(await verdict(opened.page)).toBe('broken');
  await opened.close();
});

const parts: ReadonlyArray<readonly [string, RegExp, 'static' | 'broken']> = [
  ['script', /\/assets\/index-.*\.js$/, 'static'],
  ['verifier', /\/assets\/verifier-.*\.wasm$/, 'broken'],
];

test.each(parts)('w_02_a_tampered_%s_of_the_hosted_page_is_refused', async (_, part, becomes) => {
  const opened = await openPage(browser, 'about:blank');
  let touched = 0;
  await opened.page.route(part, async (route) => {
    touched += 1;
    const response = await route.fetch();
    await route.fulfill({ response, body: Buffer.concat([await response.body(), Buffer.from('\n')]) });
  });
  await opened.page.goto(`${server.origin}/`);
  if (becomes === 'broken') {
    await choose(opened.page, SOME_FILE);
    expect(await verdict(opened.page)).toBe('broken');
  } else {
    expect(await opened.page.locator('h1').textContent()).toBe('Nothing has been verified');
  }
  expect(touched).toBe(1);
  expect(opened.complaints.join('\n')).toMatch(/integrity/);
  await opened.close();
});

test('w_02_a_tampered_style_of_the_hosted_page_is_refused', async () => {
  const opened = await openPage(browser, 'about:blank');
  await opened.page.route(/\/assets\/style-.*\.css$/, (route) =>
    route.fulfill({ contentType: 'text/css', body: '.tone-not_verified { display: none }' }),
  );
  await opened.page.goto(`${server.origin}/`);
  expect(opened.complaints.join('\n')).toMatch(/integrity/);
  await opened.close();
});

test('w_02_a_tampered_module_for_reserves_is_refused_and_judges_nothing', async () => {
  const opened = await openPage(browser, 'about:blank');
  let tampered = true;
  await opened.page.route(/\/assets\/reserves-.*\.wasm$/, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    await route.fulfill({ response, body: tampered ? Buffer.concat([body, Buffer.from('\n')]) : body });
  });
  await opened.page.goto(`${server.origin}/`);
  await choose(opened.page, statements().honest);
  await verdict(opened.page);
  // Most visitors never need it, and it is not asked for until one does.
  expect(opened.requests.filter((url) => url.includes('/reserves-'))).toEqual([]);
  await opened.page.locator('#tab-addresses').click();
  const list = join(newestAttestation(), 'reserves.jsonl');
  await opened.page.locator('#reserves-file').setInputFiles(list);
  await opened.page.locator('#panel-addresses .refusal', { hasText: 'could not be loaded' }).waitFor();
  expect(opened.complaints.join('\n')).toMatch(/integrity/);
  expect(await opened.page.locator('.signatures, td.outcome').count()).toBe(0);
  // The right one, when it can be had, is taken.
  tampered = false;
  await opened.page.locator('#reserves-file').setInputFiles(list);
  await opened.page.locator('.signatures', { hasText: /^Of / }).waitFor();
  expect(await verdict(opened.page)).not.toBe('broken');
  await opened.close();
});
