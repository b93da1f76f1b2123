/** The audit of every tile in the real page, with the real module, workers and files: hosted, from a folder, and forged. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './harness/browser.ts';
import { newestAttestation, publication, statements } from './harness/folders.ts';
import { choose, openPage, type OpenPage, verdict } from './harness/page.ts';
import { serveFolder, type StaticServer } from '../../serve.mjs';

let browser: Browser;
let server: StaticServer;
let forgedServer: StaticServer;
let folder: string;

beforeAll(async () => {
  browser = await launchChromium();
  server = await serveFolder(publication());
  folder = mkdtempSync(join(tmpdir(), 'por-audit-'));
  // The last tile of a book, which is on the path of no statement of the tests.
  const forged = join(folder, 'forged');
  cpSync(publication(), forged, { recursive: true });
  const pack = join(forged, 'attestations', basename(newestAttestation()), 'tiles/ETH-owed/1/000000.pack');
  const bytes = readFileSync(pack);
  bytes[bytes.length - 100] = (bytes.at(-100) ?? 0) ^ 1;
  writeFileSync(pack, bytes);
  forgedServer = await serveFolder(forged);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await forgedServer?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function atAudit(address: string): Promise<OpenPage> {
  const opened = await openPage(browser, address);
  await choose(opened.page, statements().honest);
  expect(await verdict(opened.page)).toBe('verified');
  await opened.page.locator('#tab-auditors').click();
  return opened;
}

async function said({ page }: OpenPage): Promise<string> {
  const result = page.locator('.audit-said');
  await result.waitFor({ timeout: 60_000 });
  return `${(await result.getAttribute('class')) ?? ''} ${(await page.locator('.audit-result').textContent()) ?? ''}`;
}

test('every tile is verified from the page’s own host, and nothing is asked for before the button', async () => {
  const opened = await atAudit(`${server.origin}/`);
  const before = opened.requests.length;
  expect(opened.requests.filter((url) => url.includes('attestations/'))).toEqual([]);
  await opened.page.locator('#audit-start').click();
  const result = await said(opened);
  expect(result).toContain('passed');
  // 300 accounts in 3 books of 512 leaves each: 32 + 2 + 1 tiles.
  const report = JSON.parse(readFileSync(statements().honest.replace(/\.por$/, '.json'), 'utf8')) as { books: { leaf_count: number }[] };
  const leaves = report.books.reduce((sum, book) => sum + book.leaf_count, 0);
  expect(result).toContain(`${report.books.length} books with ${new Intl.NumberFormat('en-GB').format(leaves)} leaves`);
  const asked = opened.requests.slice(before).filter((url) => !url.startsWith('blob:'));
  // The module, the list of books, and packs; nothing that names the customer, nothing elsewhere.
  expect(asked.filter((url) => !new RegExp(`^${server.origin}/(assets/publication-|attestations/\\d{6}/(books\\.jsonl|tiles/))`).test(url))).toEqual([]);
  expect(opened.complaints).toEqual([]);
  await opened.close();
});

test('a changed tile is found, with its book, although the statement itself is verified', async () => {
  const opened = await atAudit(`${forgedServer.origin}/`);
  await opened.page.locator('#audit-start').click();
  const result = await said(opened);
  expect(result).toContain('failed');
  expect(result).toContain('ETH/owed: ');
  expect(await opened.page.locator('.audit .passed').count()).toBe(0);
  await opened.close();
});

test('without a network a folder is audited, and another one is not called false', async () => {
  const opened = await atAudit(pathToFileURL(join(publication(), 'verify.html')).href);
  expect(await opened.page.locator('#audit-start').isVisible()).toBe(false);
  await opened.page.locator('#audit-folder').setInputFiles(publication());
  expect(await said(opened)).toContain('passed');
  await opened.page.locator('#audit-folder').setInputFiles(join(publication(), 'log'));
  await opened.page.locator('.audit-said.cannot_tell').waitFor();
  expect(await said(opened)).toContain('A file could not be read');
  await opened.close();
});

test('a list of books of another publication accuses nobody', async () => {
  const opened = await atAudit(`${server.origin}/`);
  await opened.page.context().route('**/books.jsonl', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace('"leaf_count":', '"leaf_count": ') });
  });
  await opened.page.locator('#audit-start').click();
  const result = await said(opened);
  expect(result).toContain('cannot_tell');
  expect(result).toContain('another publication');
  expect(result).not.toContain('False');
  await opened.close();
});

test('what hangs on an attestation that is not the exchange’s is not audited', async () => {
  const forged = statements().forged.find((path) => path.includes('forged-attestation')) ?? expect.unreachable();
  const opened = await openPage(browser, `${server.origin}/`);
  await choose(opened.page, forged);
  expect(await verdict(opened.page)).toBe('not_verified');
  await opened.page.locator('#tab-auditors').click();
  expect(await opened.page.locator('#audit-start, #audit-folder').count()).toBe(0);
  expect(await opened.page.locator('.audit .absent').textContent()).toContain('not shown to be the exchange’s');
  await opened.close();
});

test('an audit ends with the answer that it stands below: another language or file leaves no worker at work', async () => {
  for (const leave of ['language', 'file'] as const) {
    const opened = await openPage(browser, 'about:blank');
    const { page } = opened;
    await page.addInitScript(() => {
      const running = new Set<Worker>();
      Object.assign(globalThis, { running });
      const Original = Worker;
      globalThis.Worker = class extends Original {
        constructor(url: string | URL, options?: WorkerOptions) {
          super(url, options);
          running.add(this);
        }
        override terminate(): void {
          running.delete(this);
          super.terminate();
        }
      };
    });
    await page.goto(`${server.origin}/`);
    await choose(page, statements().honest);
    expect(await verdict(page)).toBe('verified');
    await page.locator('#tab-auditors').click();
    const running = (): Promise<number> => page.evaluate(() => (Reflect.get(globalThis, 'running') as Set<Worker>).size);
    expect(await running()).toBe(1);
    await page.context().route('**/tiles/**', () => new Promise(() => undefined));
    await page.locator('#audit-start').click();
    // The button that was pressed is out of use; the keyboard is at the one in its place.
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('audit-stop');
    await page.waitForFunction(() => (Reflect.get(globalThis, 'running') as Set<Worker>).size > 1);
    if (leave === 'language') {
      await page.locator('#language').selectOption('es');
    } else {
      await choose(page, statements().monthBefore);
    }
    await page.waitForFunction(() => (Reflect.get(globalThis, 'running') as Set<Worker>).size === 1);
    await page.context().unrouteAll({ behavior: 'ignoreErrors' });
    await opened.close();
  }
});

test('an audit that is stopped says nothing, and goes on', async () => {
  const opened = await atAudit(`${server.origin}/`);
  // The host keeps one level to itself until the audit was stopped.
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await opened.page.context().route('**/tiles/ETH-owed/1/*', async (route) => {
    await held;
    await route.continue().catch(() => undefined);
  });
  await opened.page.locator('#audit-start').click();
  await opened.page.locator('#audit-stop').click();
  expect(await said(opened)).toContain('Stopped');
  expect(await opened.page.locator('.audit .passed').count()).toBe(0);
  release();
  await opened.page.locator('#audit-resume').click();
  await opened.page.locator('.audit-said.passed').waitFor({ timeout: 60_000 });
  await opened.close();
});
