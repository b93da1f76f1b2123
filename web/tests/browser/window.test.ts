/** B-07 in the page: what `por window` found out around the snapshot, drawn, and never taken for a verdict. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './harness/browser.ts';
import { commandLineAnswer, publication, statements } from './harness/folders.ts';
import { choose, openPage, type OpenPage, verdict } from './harness/page.ts';

const printed = readFileSync(fileURLToPath(new URL('../../../fixtures/window/window.json', import.meta.url)), 'utf8');

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** The printed file, as if it were about the attestation of the honest statement. */
function ofStatement(): string {
  const { statement } = JSON.parse(readFileSync(commandLineAnswer(statements().honest), 'utf8')) as { statement: { attestation: string } };
  return printed.replace(/"attestation": "[0-9a-f]{64}"/, `"attestation": "${statement.attestation}"`);
}

async function opened(context: BrowserContextOptions = {}): Promise<OpenPage> {
  const address = pathToFileURL(join(publication(), 'verify.html')).href;
  const page = await openPage(browser, address, { context });
  await choose(page.page, statements().honest);
  expect(await verdict(page.page)).toBe('verified');
  await page.page.locator('#tab-assets').click();
  return page;
}

async function give(page: Page, text: string): Promise<void> {
  await page.locator('#window-file').setInputFiles({ name: 'window.json', mimeType: 'application/json', buffer: Buffer.from(text) });
}

test('b_07_what_moved_around_the_snapshot_is_drawn_with_exact_figures_and_called_facts', async () => {
  const { page, requests, complaints, close } = await opened();
  const before = requests.length;
  await give(page, ofStatement());
  await page.locator('.window-of-coin').first().waitFor();
  expect(await page.locator('.window .facts').textContent()).toContain('no verdict');
  expect(await page.locator('.window-of-coin').count()).toBe(2);
  const known = page.locator('.window-of-coin').first();
  expect(await known.locator('.window-table').textContent()).toContain('90,071,992,547.40993');
  expect(await known.locator('.window-drawing').getAttribute('aria-label')).toMatch(/^BTC: before the snapshot 0%, after it 0%/);
  expect(await known.locator('.window-drawing .gap').count()).toBe(0);
  const later = page.locator('.window-of-coin').nth(1);
  expect(await later.locator('.window-drawing .gap').count()).toBe(1);
  expect(await later.locator('.window-table').textContent()).toContain('smallest units');
  expect(await later.locator('td', { hasText: 'the chain had not come so far' }).count()).toBe(2);
  // It changes neither verdict, and asks nobody for anything.
  expect(await verdict(page)).toBe('verified');
  expect(requests.length).toBe(before);
  expect(complaints).toEqual([]);
  await close();
});

test('b_07_a_file_about_another_attestation_or_no_such_file_is_not_drawn', async () => {
  const { page, close } = await opened();
  await give(page, ofStatement());
  await page.locator('.window-of-coin').first().waitFor();
  await give(page, printed);
  await page.locator('.window .refusal', { hasText: 'another attestation (October 2026)' }).waitFor();
  expect(await page.locator('.window-of-coin').count()).toBe(0);
  for (const wrong of ['', '{}', ofStatement().replace('"before"', '"verdict"'), 'x'.repeat(1024 * 1024 + 1)]) {
    await give(page, ofStatement());
    await page.locator('.window-of-coin').first().waitFor();
    await give(page, wrong);
    await page.locator('.window .refusal', { hasText: 'not a file of' }).waitFor();
    expect(await page.locator('.window-of-coin').count()).toBe(0);
  }
  await give(page, ofStatement().replace('"asset": "BTC"', '"asset": "<img src=x onerror=alert(1)>"'));
  await page.locator('.window-of-coin').first().waitFor();
  expect(await page.locator('.window img').count()).toBe(0);
  await close();
});

const looks: Record<string, BrowserContextOptions> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  '320 px': { viewport: { width: 320, height: 640 } },
  arabic: { locale: 'ar', viewport: { width: 320, height: 640 } },
};

test.each(Object.keys(looks))('axe finds nothing around the snapshot: %s', async (look) => {
  const { page, close } = await opened({ ...looks[look], bypassCSP: true, reducedMotion: 'reduce' });
  await give(page, ofStatement());
  await page.locator('.window-of-coin').first().waitFor();
  const result = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
  expect(result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  const into = process.env['POR_SCREENSHOTS'];
  if (into !== undefined) {
    await page.locator('.window').screenshot({ path: join(into, `window-${look.replaceAll(' ', '-')}.png`) });
  }
  await close();
});
