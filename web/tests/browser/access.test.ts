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
      await verdict(opened.page);
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
