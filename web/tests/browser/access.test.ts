/** WCAG 2.2 AA as far as a program can see it: every state, light and dark, down to 320 pixels; and paper. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from './harness/browser.ts';
import { builtPage } from './harness/folders.ts';
import { choose, openPage, SOME_FILE, verdict, workerThatReports, workerThatRuns } from './harness/page.ts';
import { cannotTell, hostileNames, notVerified, verified } from './harness/reports.ts';
import { serveFolder, type StaticServer } from '../../serve.mjs';

let browser: Browser;
let server: StaticServer;

beforeAll(async () => {
  server = await serveFolder(builtPage());
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const states: Record<string, string | null> = {
  waiting: null,
  checking: workerThatRuns(`
    for (const check of ${JSON.stringify(verified()['checks'])}) postMessage({ kind: 'check', id: event.data.id, json: JSON.stringify(check) });`),
  verified: workerThatReports(verified()),
  'not verified': workerThatReports(notVerified()),
  'cannot tell': workerThatReports(cannotTell()),
  'hostile names': workerThatReports(hostileNames()),
  broken: workerThatRuns("throw new Error('gone')"),
};

const looks: Record<string, BrowserContextOptions> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  '320 px': { colorScheme: 'light', viewport: { width: 320, height: 640 } },
};

const cases = Object.keys(states).flatMap((state) => Object.keys(looks).map((look) => [state, look] as const));

describe('axe finds nothing', () => {
  test.each(cases)('%s, %s', async (state, look) => {
    const worker = states[state] ?? null;
    // axe runs inside the page, which the page's own policy forbids to everyone; no other test switches it off.
    const context = { ...looks[look], bypassCSP: true, reducedMotion: 'reduce' } as const;
    const opened = await openPage(browser, `${server.origin}/`, { context, worker: worker ?? workerThatRuns('') });
    if (worker !== null) {
      await choose(opened.page, SOME_FILE);
      await (state === 'checking' ? opened.page.locator('.made li').nth(20).waitFor() : verdict(opened.page));
    }
    await opened.page.evaluate(() => document.querySelectorAll('details').forEach((folded) => (folded.open = true)));
    const result = await new AxeBuilder({ page: opened.page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
      .analyze();
    const found = result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
    expect(found).toEqual([]);
    const overflow = await opened.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await opened.close();
  });
});

test('on paper every check is unfolded and the controls are gone', async () => {
  const opened = await openPage(browser, `${server.origin}/`, { worker: workerThatReports(verified()) });
  await choose(opened.page, SOME_FILE);
  await verdict(opened.page);
  await opened.page.emulateMedia({ media: 'print' });
  await opened.page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  expect(await opened.page.locator('.drop').isVisible()).toBe(false);
  expect(await opened.page.locator('#experts').isVisible()).toBe(false);
  expect(await opened.page.locator('.checks details:not([open])').count()).toBe(0);
  expect((await opened.page.pdf()).length).toBeGreaterThan(10_000);
  await opened.close();
});

/** A worker that also judges a list of reserves, of each outcome one. */
const judging = `${workerThatReports(verified())}
addEventListener('message', ({ data: { kind, id, count } }) => {
  if (kind === 'reserves') postMessage({ kind: 'bound', id, bound: true, count: 3 });
  if (kind === 'ownership') postMessage({ kind: 'ownership', id, outcomes: new Uint8Array([1, 2, 3].slice(0, count)) });
});`;

const reserve = {
  network: 'eip155:1',
  address: '0x00000000219ab540356cBB839Cbe05303d7705Fa',
  instance: 'eip155:1/slip44:60',
  amount: '340282366920938463463374607431768211456',
  evidence: 'state_proof',
};

test.each(Object.keys(looks))('axe finds nothing in any tab, %s', async (look) => {
  const context = { ...looks[look], bypassCSP: true, reducedMotion: 'reduce' } as const;
  const { page, close } = await openPage(browser, `${server.origin}/`, { context, worker: judging });
  await choose(page, SOME_FILE);
  await verdict(page);
  const tabs = await page.getByRole('tab').evaluateAll((all) => all.map(({ id }) => id));
  expect(tabs).toContain('tab-addresses');
  for (const tab of tabs) {
    await page.locator(`#${tab}`).click();
    if (tab === 'tab-addresses') {
      const buffer = Buffer.from(`${JSON.stringify(reserve)}\n`.repeat(3));
      await page.locator('#reserves-file').setInputFiles({ name: 'reserves.jsonl', mimeType: 'text/plain', buffer });
      await page.locator('.signatures', { hasText: 'Of 3 signatures, 1 prove control' }).waitFor();
      expect(await page.locator('td.outcome').allTextContents()).toEqual(['proven', 'cannot tell', 'not proven']);
    }
    const result = await new AxeBuilder({ page }).include('#look').withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
    expect(result.violations.map(({ id, nodes }) => `${tab} ${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), tab).toBeLessThanOrEqual(0);
  }
  await close();
});
