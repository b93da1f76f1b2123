/** The real verifier in the page, on files that are no statements. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './harness/browser.ts';
import { builtPage, newestAttestation, publication, statements } from './harness/folders.ts';
import { choose, type OpenPage, openPage, replaceWorker, verdict, verifierReady } from './harness/page.ts';
import { serveFolder, type StaticServer } from '../../serve.mjs';

let browser: Browser;
let server: StaticServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'por-page-'));
  server = await serveFolder(builtPage());
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
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
    transfer.items.add(new File([new Uint8Array(50_000_000)], 'large.por'));
    dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
  });
  expect(await verdict(opened.page)).toMatch(/^(not_verified|cannot_tell|broken)$/);
  expect(await opened.page.evaluate(() => document.title)).toBe('Is my balance counted?');
  await opened.close();
});

test('w_03_a_million_tiles_are_refused_and_the_next_file_is_checked', async () => {
  const opened = await openPage(browser, `${server.origin}/`);
  await verifierReady(opened.page);
  const honest = readFileSync(statements().honest);
  // A file that says it holds 10^6 tiles, and one of as many tiles as the page takes at all: 49 MB.
  const header = /\ntiles (\d+)\n/.exec(honest.toString('latin1'));
  if (header === null) {
    throw new Error('the statement has no tiles');
  }
  const [found, length] = [header[0], Number(header[1])];
  const start = header.index + found.length;
  const [before, own, after] = [honest.subarray(0, header.index), honest.subarray(start, start + length), honest.subarray(start + length)];
  const tiles = Buffer.concat(Array.from({ length: Math.floor(49_000_000 / length) }, () => own));
  const files = {
    'claims.por': Buffer.concat([before, Buffer.from(`\ntiles ${Math.round((length / 9) * 1_000_000)}\n`), own, after]),
    'holds.por': Buffer.concat([before, Buffer.from(`\ntiles ${tiles.length}\n`), tiles, after]),
  };
  for (const [name, bytes] of Object.entries(files)) {
    await chooseLarge(opened, name, bytes);
    expect(await verdict(opened.page)).toBe('not_verified');
  }
  // Without a policy nobody can tell, but every other check of the honest file is made.
  await choose(opened.page, statements().honest);
  await opened.page.locator('.drop-title', { hasText: 'honest.por' }).waitFor();
  expect(await verdict(opened.page)).toBe('cannot_tell');
  await opened.close();
});

test('w_03_a_module_that_runs_out_of_memory_is_a_check_that_broke', async () => {
  const opened = await openPage(browser, 'about:blank');
  await replaceWorker(opened.page, (own) => `(${withoutFurtherMemory.toString()})();${own}`);
  await opened.page.goto(`${server.origin}/`);
  await verifierReady(opened.page);
  await chooseLarge(opened, 'large.por', Buffer.alloc(49_000_000));
  expect(await verdict(opened.page)).toBe('broken');
  expect(await opened.page.locator('#verdict').textContent()).toContain('This is not a verification');
  // The tab lives, and nothing that comes later looks verified.
  await choose(opened.page, statements().honest);
  expect(await verdict(opened.page)).toBe('broken');
  await opened.close();
});

/** Runs in the worker: a module's memory (section 5, one memory without a maximum) may grow to 32 MB and no further. */
function withoutFurtherMemory(): void {
  const Original = WebAssembly.Module;
  WebAssembly.Module = class extends Original {
    constructor(source: BufferSource) {
      const bytes = new Uint8Array(source as ArrayBuffer);
      const number = (at: number): [number, number] => {
        let value = 0;
        for (let shift = 0; ; shift += 7, at += 1) {
          value |= ((bytes[at] ?? 0) & 0x7f) << shift;
          if ((bytes[at] ?? 0) < 0x80) {
            return [value, at + 1];
          }
        }
      };
      for (let at = 8; at < bytes.length; ) {
        const [size, content] = number(at + 1);
        if (bytes[at] === 5) {
          const [minimum] = number(content + 2);
          if (bytes[content] !== 1 || bytes[content + 1] !== 0 || minimum >= 512) {
            throw new Error('the module has another kind of memory than this test knows');
          }
          const limited = [5, 6, 1, 1, (minimum & 0x7f) | 0x80, minimum >> 7, 0x80, 0x04];
          super(new Uint8Array([...bytes.subarray(0, at), ...limited, ...bytes.subarray(content + size)]));
          return;
        }
        at = content + size;
      }
      throw new Error('the module has no memory');
    }
  };
}

test('a question about a list or a log that is gone is refused softly, and the verifier goes on', async () => {
  const published = await serveFolder(publication());
  const opened = await openPage(browser, 'about:blank');
  const { page } = opened;
  await page.addInitScript(() => {
    const Original = Worker;
    globalThis.Worker = class extends Original {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        const asked = new Map<number, (answer: unknown) => void>();
        // Answers to the test are kept from the page, which did not ask.
        this.addEventListener('message', (event) => {
          const settle = asked.get(event.data.id);
          if (settle !== undefined && event.data.kind !== 'check') {
            event.stopImmediatePropagation();
            settle({ ...event.data, outcomes: event.data.outcomes === null ? null : Array.from(event.data.outcomes ?? []) });
          }
        });
        Object.assign(globalThis, {
          ask: (request: { id: number }) => new Promise((settle) => {
            asked.set(request.id, settle);
            this.postMessage(request);
          }),
        });
      }
    };
  });
  await page.goto(`${published.origin}/`);
  await verifierReady(page);
  const rows = readFileSync(join(newestAttestation(), 'reserves.jsonl'));
  const count = rows.toString().split('\n').length - 1;
  // Three times as many rows: more than the page asks about at a time.
  expect(3 * count).toBeGreaterThan(25);
  const answers = await page.evaluate(
    async ([statement, list]) => {
      const bytes = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
      const ask = Reflect.get(globalThis, 'ask') as (request: object) => Promise<unknown>;
      const { path } = JSON.parse(document.getElementById('resources')?.textContent ?? '').reserves;
      const module = new Uint8Array(await (await fetch(path)).arrayBuffer());
      const once = bytes(list ?? '');
      const longer = new Uint8Array([...once, ...once, ...once]);
      const about = (id: number, list: number, first: number, count: number): Promise<unknown> => ask({ kind: 'ownership', id, list, first, count });
      return [
        await ask({ kind: 'reserves', id: 1_000_001, module, statement: bytes(statement ?? ''), list: longer }),
        await ask({ kind: 'reserves', id: 1_000_002, module: undefined, statement: bytes(statement ?? ''), list: once }),
        await about(1_000_003, 1_000_001, 25, 11),
        await about(1_000_004, 1_000_002, 0, 3),
        await ask({ kind: 'reserves', id: 1_000_005, module: undefined, statement: bytes(''), list: once }),
        await about(1_000_006, 1_000_002, 0, 3),
        await ask({ kind: 'log', id: 1_000_007, question: { ask: 'finish', reading: 77 } }),
      ];
    },
    [readFileSync(statements().honest).toString('base64'), rows.toString('base64')],
  );
  expect(answers).toMatchObject([
    { kind: 'bound', bound: false, count: 3 * count },
    { kind: 'bound', bound: true, count },
    { kind: 'ownership', outcomes: null },
    { kind: 'ownership', outcomes: [1, 1, 1] },
    { kind: 'bound', bound: false, count: 0 },
    { kind: 'ownership', outcomes: null },
    { kind: 'log', text: null, undecided: true },
  ]);
  await choose(page, statements().honest);
  expect(await verdict(page)).toBe('verified');
  await opened.close();
  await published.close();
});

/** Chooses bytes by way of a file on the disk: as a message to the browser these would take minutes. */
async function chooseLarge({ page }: OpenPage, name: string, bytes: Buffer): Promise<void> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  await choose(page, path);
  await page.locator('.drop-title', { hasText: name }).waitFor();
}
