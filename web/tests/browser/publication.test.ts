/**
 * The real page of a real publication with real statements: POR_PUBLICATION and POR_STATEMENTS name the folders (see
 * harness/folders.ts). Without them these tests fail: a check that nobody ran is not a check that passed.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './harness/browser.ts';
import { builtPage, commandLineAnswer, publication, statements } from './harness/folders.ts';
import { choose, openPage, replaceWorker, verdict, verifierReady } from './harness/page.ts';
import { serveFolder, type StaticServer } from '../../serve.mjs';

let browser: Browser;
let server: StaticServer | undefined;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Address of the publication's page. */
async function published(): Promise<string> {
  server ??= await serveFolder(publication());
  return `${server.origin}/`;
}

test('an honest statement is verified', async () => {
  const { honest } = statements();
  const opened = await openPage(browser, await published());
  await choose(opened.page, honest);
  expect(await verdict(opened.page)).toBe('verified');
  expect(await opened.page.locator('.figure').count()).toBeGreaterThan(0);
  expect(opened.complaints).toEqual([]);
  await opened.close();
});

test('no forged statement is verified', async () => {
  const { forged } = statements();
  const opened = await openPage(browser, await published());
  for (const path of forged) {
    await choose(opened.page, path);
    await opened.page.locator('.drop-title', { hasText: basename(path) }).waitFor();
    expect(await verdict(opened.page), path).toMatch(/^(not_verified|cannot_tell)$/);
  }
  await opened.close();
});

test('the page without a policy cannot tell', async () => {
  const { honest } = statements();
  const bare = await serveFolder(builtPage());
  const opened = await openPage(browser, `${bare.origin}/`);
  await choose(opened.page, honest);
  expect(await verdict(opened.page)).toBe('cannot_tell');
  expect(await opened.page.locator('.no-policy').isVisible()).toBe(true);
  await opened.close();
  await bare.close();
});

test('w_05_the_page_and_the_command_line_give_the_same_report', async () => {
  const { honest, monthBefore, forged } = statements();
  const opened = await openPage(browser, 'about:blank');
  // Keeps what the worker says, before the page reads it.
  await opened.page.addInitScript(() => {
    const reports: string[] = [];
    Object.assign(globalThis, { reports });
    const Original = Worker;
    globalThis.Worker = class extends Original {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.addEventListener('message', ({ data }) => data.kind === 'report' && reports.push(data.json));
      }
    };
  });
  await opened.page.goto(await published());
  for (const [index, path] of [honest, monthBefore, ...forged].entries()) {
    await choose(opened.page, path);
    await opened.page.waitForFunction((count) => Reflect.get(globalThis, 'reports').length === count, index + 1);
    const report = await opened.page.evaluate((at) => Reflect.get(globalThis, 'reports')[at] as string, index);
    expect(report, path).toBe(readFileSync(commandLineAnswer(path), 'utf8').trimEnd());
  }
  await opened.close();
});

test('w_06_no_outside_request', async () => {
  const { honest } = statements();
  const address = await published();
  const opened = await openPage(browser, address);
  await verifierReady(opened.page);
  const before = opened.requests.length;
  // With the network gone, what the page still asked for would fail, and so would the verdict.
  await opened.page.context().setOffline(true);
  await choose(opened.page, honest);
  expect(await verdict(opened.page)).toBe('verified');
  await opened.page.waitForTimeout(500);
  expect(opened.requests.slice(before)).toEqual([]);
  const outside = opened.requests.filter((url) => !url.startsWith(address) && !/^(data|blob):/.test(url));
  expect(outside).toEqual([]);
  await opened.close();
});

test('w_06_the_policy_of_the_page_forbids_to_send_anything_out', async () => {
  const opened = await openPage(browser, await published());
  const sent = await opened.page.evaluate(() => fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused'));
  expect(sent).toBe('refused');
  expect(opened.complaints.join('\n')).toContain('Content Security Policy');
  await opened.close();
});

test('w_07_no_service_worker', async () => {
  const { honest } = statements();
  const opened = await openPage(browser, await published());
  await choose(opened.page, honest);
  await verdict(opened.page);
  expect(await opened.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
  expect(opened.page.context().serviceWorkers()).toEqual([]);
  await opened.close();
});

test('w_08_nothing_stored', async () => {
  const { honest } = statements();
  const address = await published();
  const opened = await openPage(browser, address);
  await choose(opened.page, honest);
  await verdict(opened.page);
  const left = await opened.page.evaluate(async () => ({
    address: location.href,
    history: history.length,
    state: history.state as unknown,
    local: localStorage.length,
    session: sessionStorage.length,
    cookie: document.cookie,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
  }));
  expect(left).toEqual({ address, history: 2, state: null, local: 0, session: 0, cookie: '', databases: 0, caches: 0 });
  expect(await opened.page.context().cookies()).toEqual([]);
  await opened.page.reload();
  expect(await opened.page.locator('#verdict').getAttribute('data-verdict')).toBe('waiting');
  await opened.close();
});

test('w_10_the_verifier_needs_no_random_numbers', async () => {
  const { honest } = statements();
  const opened = await openPage(browser, 'about:blank');
  const refusal = 'crypto.getRandomValues = () => { throw new Error("no randomness"); };';
  await replaceWorker(opened.page, (own) => refusal + own);
  await opened.page.goto(await published());
  await choose(opened.page, honest);
  expect(await verdict(opened.page)).toBe('verified');
  await opened.close();
});
