/** The page in a fresh, empty browser profile, and what a customer does with it. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** Longer than the slowest check of a statement on a small machine. */
const VERDICT_TIMEOUT_MS = 30_000;

export interface OpenPage {
  readonly page: Page;
  /** Addresses asked for so far, in order. */
  readonly requests: string[];
  /** Errors of scripts and refusals by the content security policy. */
  readonly complaints: string[];
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly context?: BrowserContextOptions;
  /** JavaScript that stands in for the worker's script. */
  readonly worker?: string;
}

export async function openPage(browser: Browser, address: string, options: OpenOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ locale: 'en-GB', ...options.context });
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      complaints.push(message.text());
    }
  });
  if (options.worker !== undefined) {
    await replaceWorker(page, () => options.worker ?? '');
  }
  await page.goto(address);
  return { page, requests, complaints, close: () => context.close() };
}

/** The worker's script stands inside the page's and becomes a blob: what goes into that blob is `change` of it. */
export async function replaceWorker(page: Page, change: (prefixed: string) => string): Promise<void> {
  const marker = '/* the worker\'s own script */';
  const [before, after] = change(marker).split(marker);
  const parts = { before, after };
  await page.addInitScript(({ before, after }) => {
    globalThis.Blob = class extends Blob {
      constructor(content: BlobPart[] = [], options?: BlobPropertyBag) {
        const script = options?.type?.startsWith('text/javascript') === true;
        super(!script ? content : after === undefined ? [before ?? ''] : [before ?? '', ...content, after], options);
      }
    };
  }, parts);
}

/** A worker that answers every request with `json`. */
export function workerThatReports(report: unknown): string {
  const json = typeof report === 'string' ? report : JSON.stringify(report);
  return workerThatRuns(`postMessage({ kind: 'report', id: event.data.id, json: ${JSON.stringify(json)} });`);
}

/** A worker that starts as the real one does, and runs `code` for every request (`event`). */
export function workerThatRuns(code: string): string {
  return `postMessage({ kind: 'ready', version: '0.0.0-test' });
addEventListener('message', (event) => { if (event.data.kind === 'check') { ${code} } });`;
}

/** Waits until the verifier has started: from here on the page has all that it needs. */
export async function verifierReady(page: Page): Promise<void> {
  await page.locator('.verifier', { hasText: /Verifier \d/ }).waitFor({ timeout: VERDICT_TIMEOUT_MS });
}

/** Chooses a statement: a path, or bytes under a name. */
export async function choose(page: Page, file: string | { name: string; bytes: Buffer }): Promise<void> {
  const files =
    typeof file === 'string' ? file : { name: file.name, mimeType: 'application/octet-stream', buffer: file.bytes };
  await page.locator('#statement').setInputFiles(files);
}

/** The verdict once it is settled. */
export async function verdict(page: Page): Promise<string> {
  const settled = page.locator('#verdict:not([data-verdict="checking"]):not([data-verdict="waiting"])');
  await settled.waitFor({ timeout: VERDICT_TIMEOUT_MS });
  // What stands below it comes in parts.
  await page.locator('.answer[aria-busy="false"]').waitFor({ timeout: VERDICT_TIMEOUT_MS });
  return (await settled.getAttribute('data-verdict')) ?? '';
}

/** Any bytes: what a fake worker does not read. */
export const SOME_FILE = { name: 'maria.keller.por', bytes: Buffer.alloc(41_213, 7) };
