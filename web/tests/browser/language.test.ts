/** The page in other languages: chosen from the browser's list or by hand, remembered only where that is asked for. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './harness/browser.ts';
import { publication, statements } from './harness/folders.ts';
import { choose, openPage, verdict, verifierReady } from './harness/page.ts';
import { serveFolder, type StaticServer } from '../../serve.mjs';

let browser: Browser;
let server: StaticServer;

beforeAll(async () => {
  browser = await launchChromium();
  server = await serveFolder(publication());
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const folder = fileURLToPath(new URL('../../src/messages/catalogues', import.meta.url));
const languages = readdirSync(folder).map((name) => name.replace('.json', ''));
const catalogue = (language: string): typeof import('../../src/messages/en.ts').en => JSON.parse(readFileSync(join(folder, `${language}.json`), 'utf8'));

test.each(languages)('%s: the browser’s language speaks every verdict, fits 320 pixels, and axe finds nothing', async (language) => {
  const words = catalogue(language);
  const context = { locale: language, viewport: { width: 320, height: 640 }, bypassCSP: true, reducedMotion: 'reduce' } as const;
  const opened = await openPage(browser, `${server.origin}/`, { context });
  const { page } = opened;
  await page.locator('h1', { hasText: words.page.title }).waitFor();
  expect(await page.locator('html').getAttribute('dir')).toBe(words.direction);
  await choose(page, statements().honest);
  expect(await verdict(page)).toBe('verified');
  expect(await page.locator('#verdict .word').textContent()).toBe(words.included.verified.word);
  expect(await page.locator('.claim').first().textContent()).toBe(words.claims['well-formed']);
  expect(await page.locator('#limits li').allTextContents()).toEqual(Object.values(words.notProven));
  for (const tab of ['assets', 'addresses', 'auditors', 'heads', 'path']) {
    await page.locator(`#tab-${tab}`).click();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, tab).toBeLessThanOrEqual(0);
  }
  await page.evaluate(() => document.querySelectorAll('details').forEach((folded) => (folded.open = true)));
  const result = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
  expect(result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
  await choose(page, statements().forged.find((path) => path.includes('forged-amount')) ?? '');
  await page.locator('#verdict[data-verdict=not_verified]').waitFor();
  expect(await page.locator('#verdict .word').textContent()).toBe(words.included.not_verified.word);
  expect(await page.locator('.culprits .means').first().textContent()).toBe(words.failures['statement-signed']);
  expect(opened.complaints).toEqual([]);
  await opened.close();
});

test('another language keeps the file, the verdict and the keyboard where they are', async () => {
  const { page, close } = await openPage(browser, `${server.origin}/`);
  await choose(page, statements().honest);
  expect(await verdict(page)).toBe('verified');
  const account = await page.locator('.account-name').textContent();
  await page.locator('#language').selectOption('ar');
  await page.locator('#verdict .word', { hasText: catalogue('ar').included.verified.word }).waitFor();
  expect(await page.locator('.account-name').textContent()).toBe(account);
  expect(await page.locator('.drop-title').textContent()).toBe('honest.por');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('language');
  await page.locator('#language').selectOption('en');
  await page.locator('#verdict .word', { hasText: 'Verified' }).waitFor();
  expect(await page.locator('html').getAttribute('dir')).toBe('ltr');
  await close();
});

test('w_08_a_language_is_remembered_only_where_that_is_asked_for', async () => {
  const { page, close } = await openPage(browser, `${server.origin}/`);
  await page.locator('#language').selectOption('es');
  await page.locator('h1', { hasText: catalogue('es').page.title }).waitFor();
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  await page.locator('#language-remember').check();
  expect(await page.evaluate(() => ({ ...localStorage }))).toEqual({ 'por-language': 'es' });
  await page.reload();
  await page.locator('h1', { hasText: catalogue('es').page.title }).waitFor();
  await page.locator('#language-remember').uncheck();
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  await page.reload();
  await page.locator('h1', { hasText: 'Is my balance counted?' }).waitFor();
  await close();
});

test('w_02_a_tampered_catalogue_is_refused, and the page stays as it is', async () => {
  const opened = await openPage(browser, 'about:blank');
  const { page } = opened;
  await page.route('**/assets/es-*.json', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace('No verificado', 'Verificado') });
  });
  await page.goto(`${server.origin}/`);
  await verifierReady(page);
  await page.locator('#language').selectOption('es');
  await page.locator('.languages .refusal', { hasText: 'could not be loaded' }).waitFor();
  expect(await page.locator('h1').textContent()).toBe('Is my balance counted?');
  expect(await page.locator('#language').inputValue()).toBe('en');
  await opened.close();
});

test('the single file speaks every language without a network', async () => {
  const alone = mkdtempSync(join(tmpdir(), 'por-language-'));
  try {
    writeFileSync(join(alone, 'verify.html'), readFileSync(join(publication(), 'verify.html')));
    const opened = await openPage(browser, pathToFileURL(join(alone, 'verify.html')).href, { context: { offline: true, locale: 'ja' } });
    for (const language of ['ja', ...languages]) {
      await opened.page.locator('#language').selectOption(language);
      await opened.page.locator('h1', { hasText: catalogue(language).page.title }).waitFor();
    }
    expect(opened.complaints).toEqual([]);
    await opened.close();
  } finally {
    rmSync(alone, { recursive: true, force: true });
  }
});
