/** The real verifier in the page, on files that are no statements. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './harness/browser.ts';
import { builtPage } from './harness/folders.ts';
import { choose, openPage, verdict, verifierReady } from './harness/page.ts';
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

test('a file that is no statement is not verified, and the next file is checked', async () => {
  const opened = await openPage(browser, `${server.origin}/`);
  await verifierReady(opened.page);
  const files = [Buffer.from('x'), Buffer.alloc(1000, 0xff), Buffer.from('{"included":"verified"}'), Buffer.alloc(3_000_000)];
  for (const [index, bytes] of files.entries()) {
    const name = `file-${index}.por`;
    await choose(opened.page, { name, bytes });
    await opened.page.locator('.drop-title', { hasText: name }).waitFor();
    expect(await verdict(opened.page)).toMatch(/^(not_verified|cannot_tell)$/);
  }
  expect(opened.complaints).toEqual([]);
  await opened.close();
});

test('w_03_a_file_of_50_mb_does_not_freeze_the_page', async () => {
  const opened = await openPage(browser, `${server.origin}/`);
  await verifierReady(opened.page);
  await opened.page.evaluate(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(50 * 1024 * 1024)], 'large.por'));
    dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
  });
  expect(await verdict(opened.page)).toMatch(/^(not_verified|cannot_tell|broken)$/);
  expect(await opened.page.evaluate(() => document.title)).toBe('Is my balance counted?');
  await opened.close();
});
