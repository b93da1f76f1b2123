/** The history tab and the memory of the last head, with the real page, the real verifier and a real publication. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './harness/browser.ts';
import { newestAttestation, publication, statements } from './harness/folders.ts';
import { choose, openPage, type OpenPage, verdict } from './harness/page.ts';
import { serveFolder, type StaticServer } from '../../serve.mjs';

let browser: Browser;
let server: StaticServer;
let folder: string;

beforeAll(async () => {
  browser = await launchChromium();
  folder = mkdtempSync(join(tmpdir(), 'por-history-'));
  cpSync(publication(), join(folder, 'publication'), { recursive: true });
  server = await serveFolder(join(folder, 'publication'));
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function withHonest(address = `${server.origin}/`, context: BrowserContextOptions = {}): Promise<OpenPage> {
  const opened = await openPage(browser, address, { context });
  await choose(opened.page, statements().honest);
  expect(await verdict(opened.page)).toBe('verified');
  return opened;
}

async function loadHistory(page: Page): Promise<void> {
  await page.locator('#tab-history').click();
  await page.locator('#history-load').click();
}

/** Waits until the history is drawn to the last book. */
async function drawn(page: Page): Promise<void> {
  await page.locator('#panel-history .bound').waitFor();
  await page.locator('#panel-history .stack[aria-busy="false"]').waitFor();
}

/** Has the page's clock stand `days` after the newest snapshot. */
async function daysAfterSnapshot(page: Page, days: number): Promise<void> {
  const { snapshot } = JSON.parse(readFileSync(join(newestAttestation(), 'attestation.json'), 'utf8')) as { snapshot: { time: number } };
  await page.clock.setFixedTime((snapshot.time + days * 86_400) * 1000);
}

/** Changes a file of the served copy while `run` runs. */
async function changed(path: string, change: (bytes: Buffer) => Buffer, run: () => Promise<void>): Promise<void> {
  const file = join(folder, 'publication', path);
  const before = readFileSync(file);
  writeFileSync(file, change(before));
  try {
    await run();
  } finally {
    writeFileSync(file, before);
  }
}

const flipLast = (bytes: Buffer): Buffer => {
  const flipped = Buffer.from(bytes);
  flipped[flipped.length - 2]! ^= 1;
  return flipped;
};

/** The one file of entries of a log of a few. */
function bundle(): string {
  const place = readdirSync(join(folder, 'publication/log/tile/entries')).find((name) => name.endsWith('.p')) ?? expect.unreachable();
  const names = readdirSync(join(folder, 'publication/log/tile/entries', place)).sort((a, b) => Number(b) - Number(a));
  return `log/tile/entries/${place}/${names[0]}`;
}

test('the history is drawn from every attestation of the log, asked for by a click alone, and the table says the same', async () => {
  const opened = await withHonest();
  const { page } = opened;
  await daysAfterSnapshot(page, 3);
  const before = opened.requests.length;
  await page.locator('#tab-history').click();
  expect(opened.requests.length).toBe(before);
  await page.locator('#history-load').click();
  await drawn(page);
  const count = readdirSync(join(publication(), 'attestations')).length;
  expect(count).toBeGreaterThan(1);
  await page.locator('#panel-history summary').click();
  expect(await page.locator('.history-table tbody tr').count()).toBe(count);
  expect(await page.locator('.history-of-book').count()).toBe((await page.locator('.history-table thead th').count()) - 1);
  expect(await page.locator('.history-drawing .whole').count()).toBe(await page.locator('.history-of-book').count());
  expect(await page.locator('.history-drawing .gap').count()).toBe(0);
  // What the exchange alone says is not drawn as what somebody else has seen.
  expect(await page.locator('.history-drawing .tone-claimed').count()).toBeGreaterThan(0);
  expect(await page.locator('.history-drawing .tone-covered').count()).toBe(0);
  expect(await page.locator('.history-table td').allTextContents()).toContainEqual(expect.stringMatching(/% · Covered$/));
  expect(await page.locator('.gaps').textContent()).toBe('No period is missing.');
  expect(opened.complaints).toEqual([]);
  await opened.close();
});

test('a month that has ended and is not in the log is a gap, in the drawing, in words and in the table', async () => {
  const { page, close } = await withHonest();
  await daysAfterSnapshot(page, 70);
  await loadHistory(page);
  await drawn(page);
  const books = await page.locator('.history-of-book').count();
  const gaps = await page.locator('.history-drawing .gap').count();
  expect(gaps / books).toBe(2);
  expect(await page.locator('.gaps').textContent()).toContain('the log holds nothing of it');
  await page.locator('#panel-history summary').click();
  expect(await page.locator('.history-table td', { hasText: 'not in the log' }).count()).toBe(gaps);
  await photograph(page, '#panel-history', 'history-overdue');
  await close();
});

test('an entry that was changed shows nothing of the log', async () => {
  await changed(bundle(), flipLast, async () => {
    const { page, close } = await withHonest();
    await loadHistory(page);
    await page.locator('#panel-history .refusal', { hasText: 'could not be verified' }).waitFor();
    expect(await page.locator('.history-drawing').count()).toBe(0);
    await close();
  });
});

test('a head that the policy’s key did not sign shows nothing of the log', async () => {
  await changed('log/checkpoint', (bytes) => Buffer.from(bytes.toString().replace(/\n(\d+)\n/, '\n9\n')), async () => {
    const { page, close } = await withHonest();
    await loadHistory(page);
    await page.locator('#panel-history .refusal', { hasText: 'could not be verified' }).waitFor();
    expect(await page.locator('.history-drawing').count()).toBe(0);
    await close();
  });
});

test('books that the attestation is not bound to are a gap, in the drawing and in words', async () => {
  await changed('attestations/000000/books.jsonl', flipLast, async () => {
    const { page, close } = await withHonest();
    await daysAfterSnapshot(page, 3);
    await loadHistory(page);
    await drawn(page);
    const books = await page.locator('.history-of-book').count();
    expect(await page.locator('.history-drawing .gap').count()).toBe(books);
    await page.locator('#panel-history summary').click();
    expect(await page.locator('.history-table tbody tr').first().locator('td', { hasText: 'not verified' }).count()).toBe(books);
    await close();
  });
});

test('the page without a network says that the history is not in it, and takes the folder of the publication', async () => {
  const opened = await openPage(browser, pathToFileURL(join(publication(), 'verify.html')).href);
  const { page } = opened;
  await choose(page, statements().honest);
  expect(await verdict(page)).toBe('verified');
  await page.locator('#tab-history').click();
  expect(await page.locator('#panel-history .absent').textContent()).toContain('not in this file');
  expect(await page.locator('#history-load').count()).toBe(0);
  await page.locator('#publication-folder').setInputFiles(publication());
  await drawn(page);
  expect(await page.locator('.history-drawing').count()).toBeGreaterThan(0);
  expect(opened.requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
  await opened.close();
});

const visit = (page: Page, outcome: string): Promise<void> => page.locator(`.visit[data-outcome="${outcome}"]`).waitFor();

/** What the device keeps, after `change`. */
async function tamper(page: Page, change: (kept: string) => string): Promise<void> {
  const kept = await page.evaluate(() => localStorage.getItem('por-last-heads') ?? '');
  await page.evaluate((text) => localStorage.setItem('por-last-heads', text), change(kept));
}

async function again(page: Page): Promise<void> {
  await page.reload();
  await choose(page, statements().honest);
  expect(await verdict(page)).toBe('verified');
}

test('w_08_the_head_is_remembered_only_when_asked_and_forgotten_when_asked', async () => {
  const { page, close } = await withHonest();
  await visit(page, 'not_asked');
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  await page.locator('#remember-head').check();
  await visit(page, 'passed');
  const kept = await page.evaluate(() => JSON.parse(localStorage.getItem('por-last-heads') ?? 'null'));
  expect(kept.heads.map((head: object) => Object.keys(head))).toEqual([['origin', 'size', 'root']]);
  expect(await page.evaluate(() => localStorage.length)).toBe(1);
  await again(page);
  await visit(page, 'passed');
  await page.locator('#forget-heads').click();
  await visit(page, 'not_asked');
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  await close();
});

test('a log that grew since the last visit is read and proven to extend it, and a statement of then still belongs to it', async () => {
  const kept = (): Promise<number> => page.evaluate(() => JSON.parse(localStorage.getItem('por-last-heads') ?? 'null').heads[0].size as number);
  const opened = await openPage(browser, `${server.origin}/`);
  const { page } = opened;
  await choose(page, statements().monthBefore);
  expect(await verdict(page)).toBe('verified');
  const asked = opened.requests.length;
  await page.locator('#remember-head').check();
  await visit(page, 'passed');
  const before = await kept();
  expect(opened.requests.length).toBe(asked);

  await again(page);
  await visit(page, 'passed');
  expect(await kept()).toBeGreaterThan(before);
  expect(opened.requests.slice(asked).some((url) => url.endsWith('/log/checkpoint'))).toBe(true);

  await choose(page, statements().monthBefore);
  expect(await verdict(page)).toBe('verified');
  await visit(page, 'passed');
  expect(await kept()).toBeGreaterThan(before);
  expect(opened.complaints).toEqual([]);
  await opened.close();
});

test('on paper the check since the last visit keeps its words and loses its switch', async () => {
  const { page, close } = await withHonest();
  await page.locator('#remember-head').check();
  await visit(page, 'passed');
  await page.emulateMedia({ media: 'print' });
  expect(await page.locator('.visit .outcome').isVisible()).toBe(true);
  for (const screenOnly of ['#remember-head', '#forget-heads', '.look']) {
    expect(await page.locator(screenOnly).isVisible(), screenOnly).toBe(false);
  }
  await close();
});

test('a rewritten log is a failed check with the heads to save; a longer, damaged or foreign memory is none', async () => {
  const { page, close } = await withHonest();
  await page.locator('#remember-head').check();
  await visit(page, 'passed');
  const honest = await page.evaluate(() => localStorage.getItem('por-last-heads') ?? '');
  const size = JSON.parse(honest).heads[0].size as number;
  const flip = (kept: string): string => kept.replace(/"root":"(.)/, (_, first: string) => `"root":"${first === '0' ? '1' : '0'}`);
  const sized = (to: number) => (kept: string): string => kept.replace(/"size":\d+/, `"size":${to}`);

  await tamper(page, flip);
  await again(page);
  await visit(page, 'failed');
  await photograph(page, '.visit', 'visit-rewritten');
  const [saved] = await Promise.all([page.waitForEvent('download'), page.locator('#save-heads').click()]);
  const heads = JSON.parse(readFileSync(await saved.path(), 'utf8'));
  expect(heads.remembered.root).not.toBe(heads.statement.root);
  // A failed check never replaces what it failed against.
  expect(await page.evaluate(() => localStorage.getItem('por-last-heads'))).toBe(flip(honest));

  // The page asks for the log by itself, as the visitor wished, and proves the smaller head to be no beginning of it.
  await tamper(page, sized(size - 1));
  await again(page);
  await visit(page, 'failed');
  await tamper(page, sized(size + 1));
  await again(page);
  await visit(page, 'shorter');
  await tamper(page, () => '{"heads":[{}]}');
  await again(page);
  await visit(page, 'damaged');
  await tamper(page, () => honest.replace(/"origin":"[^"]*"/, '"origin":"example.org/other"'));
  await again(page);
  await visit(page, 'first');
  await close();
});

/** What the device keeps. */
const keptBy = (page: Page): Promise<string | null> => page.evaluate(() => localStorage.getItem('por-last-heads'));

test('without the log’s files nothing can be told of the last visit, and what is remembered stays', async () => {
  const opened = await openPage(browser, `${server.origin}/`);
  const { page } = opened;
  await choose(page, statements().monthBefore);
  expect(await verdict(page)).toBe('verified');
  await page.locator('#remember-head').check();
  await visit(page, 'passed');
  const kept = await keptBy(page);
  const missing: Array<[string, string]> = [
    ['not there', '**/log/checkpoint'],
    ['entries not there', '**/log/tile/**'],
    ['no module', '**/assets/publication-*.wasm'],
  ];
  for (const [what, files] of missing) {
    await page.route(files, (route) => route.fulfill({ status: 404 }));
    await again(page);
    await visit(page, 'unavailable');
    expect(await page.locator('.visit').textContent(), what).toContain('Cannot tell');
    expect(await page.locator('.visit').textContent(), what).not.toContain('Forget it');
    expect(await keptBy(page), what).toBe(kept);
    await page.unroute(files);
  }
  // A network that is gone after the page was loaded.
  await page.reload();
  await page.locator('.verifier', { hasText: /Verifier \d/ }).waitFor();
  await page.context().setOffline(true);
  await choose(page, statements().honest);
  await visit(page, 'unavailable');
  expect(await keptBy(page)).toBe(kept);
  await page.context().setOffline(false);
  // The log of a host that forges it is no evidence against the memory either.
  await changed(bundle(), flipLast, async () => {
    await again(page);
    await visit(page, 'unverified');
    expect(await keptBy(page)).toBe(kept);
  });
  await again(page);
  await visit(page, 'passed');
  await opened.close();
});

test('a log that is asked for twice is read once, and both get it', async () => {
  const opened = await openPage(browser, `${server.origin}/`);
  const { page } = opened;
  await choose(page, statements().monthBefore);
  await verdict(page);
  await page.locator('#remember-head').check();
  await visit(page, 'passed');
  await page.reload();
  await page.route('**/log/tile/**', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    await route.continue();
  });
  const before = opened.requests.length;
  // The check since the last visit reads it by itself, while somebody clicks, and clicks once more.
  await choose(page, statements().honest);
  await verdict(page);
  await page.locator('#tab-history').click();
  await page.locator('#history-load').dblclick();
  await drawn(page);
  await visit(page, 'passed');
  expect(await page.locator('#panel-history .refusal').textContent()).toBe('');
  expect(opened.requests.slice(before).filter((url) => url.endsWith('/log/checkpoint'))).toHaveLength(1);
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('history-load');
  await opened.close();
});

test('a folder that is refused after a log was read takes nothing away, and breaks nothing', async () => {
  const { page, close } = await withHonest();
  await loadHistory(page);
  await drawn(page);
  await page.locator('#publication-folder').setInputFiles(join(publication(), 'attestations'));
  await page.locator('#panel-history .refusal', { hasText: 'not there' }).waitFor();
  // The log that was read still answers.
  await page.locator('#remember-head').check();
  await visit(page, 'passed');
  await loadHistory(page);
  await drawn(page);
  await choose(page, statements().monthBefore);
  await page.locator('.drop-title', { hasText: 'month-before' }).waitFor();
  expect(await verdict(page)).toBe('verified');
  await close();
});

test('the check since the last visit stands last, and its controls keep the keyboard', async () => {
  const { page, close } = await withHonest();
  expect(await page.locator('#checks > :last-child').getAttribute('class')).toContain('visit');
  await page.locator('#remember-head').focus();
  await page.keyboard.press('Space');
  await visit(page, 'passed');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('remember-head');
  await page.locator('#forget-heads').focus();
  await page.keyboard.press('Enter');
  await visit(page, 'not_asked');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('remember-head');
  await close();
});

test('on a narrow screen the newest month is what is seen first', async () => {
  for (const locale of ['en-GB', 'ar']) {
    const { page, close } = await withHonest(`${server.origin}/`, { locale, viewport: { width: 320, height: 640 } });
    await page.clock.setFixedTime(Date.now() + 200 * 86_400_000);
    await loadHistory(page);
    await drawn(page);
    const seen = await page.locator('.history-of-book .wide').first().evaluate((place) => {
      const [outside, newest] = [place.getBoundingClientRect(), Array.from(place.querySelectorAll('.period')).at(-1)!.getBoundingClientRect()];
      return newest.left >= outside.left - 1 && newest.right <= outside.right + 1;
    });
    expect(seen, locale).toBe(true);
    await close();
  }
});

test('the single file asks a host for nothing, even where one serves it', async () => {
  const opened = await openPage(browser, `${server.origin}/verify.html`);
  const { page } = opened;
  await choose(page, statements().honest);
  expect(await verdict(page)).toBe('verified');
  await page.locator('#tab-auditors').click();
  expect(await page.locator('#audit-start').isVisible()).toBe(false);
  await page.locator('#tab-history').click();
  expect(await page.locator('#history-load').count()).toBe(0);
  expect(opened.complaints).toEqual([]);
  await opened.close();
});

const looks: Record<string, BrowserContextOptions> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  '320 px': { viewport: { width: 320, height: 640 } },
  arabic: { locale: 'ar', viewport: { width: 320, height: 640 } },
};

test.each(Object.keys(looks))('axe finds nothing in the history and the memory: %s', async (look) => {
  const { page, close } = await withHonest(`${server.origin}/`, { ...looks[look], bypassCSP: true, reducedMotion: 'reduce' });
  await page.locator('#remember-head').check();
  await visit(page, 'passed');
  await loadHistory(page);
  await drawn(page);
  await page.locator('#panel-history summary').click();
  const result = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
  expect(result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await photograph(page, '#panel-history', `history-${look.replaceAll(' ', '-')}`);
  await photograph(page, '.visit', `visit-${look.replaceAll(' ', '-')}`);
  await close();
});

/** For the eye: POR_SCREENSHOTS names a folder for pictures of the states above. */
async function photograph(page: Page, part: string, name: string): Promise<void> {
  const into = process.env['POR_SCREENSHOTS'];
  if (into !== undefined) {
    await page.locator(part).screenshot({ path: join(into, `${name}.png`) });
  }
}
