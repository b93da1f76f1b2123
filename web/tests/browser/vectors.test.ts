/**
 * Every statement and report vector of `fixtures/` through the page's own worker in a real browser (W-05): the verdict and
 * the check that each expects, and the Report byte for byte as the vector pins it and as the command line writes it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseReport, type Report } from '../../src/report.ts';
import { serveFolder, type StaticServer } from '../../serve.mjs';
import { launchChromium } from './harness/browser.ts';
import { builtPage } from './harness/folders.ts';
import { openPage, verifierReady } from './harness/page.ts';

const vectors = fileURLToPath(new URL('../../../fixtures/vectors', import.meta.url));
const por = process.env['POR_PROGRAM'] ?? fileURLToPath(new URL('../../../target/release/por', import.meta.url));

interface Vector {
  readonly input: { readonly file: string; readonly policy?: string; readonly account?: string; readonly now?: string };
  readonly expect: string;
  readonly output: { readonly check?: string; readonly included?: string; readonly report?: string };
}

const named = (object: string): Array<readonly [string, Vector]> =>
  readdirSync(join(vectors, object))
    .sort()
    .map((name) => [`${object}/${name.replace('.json', '')}`, JSON.parse(readFileSync(join(vectors, object, name), 'utf8')) as Vector]);
const all = [...named('statement'), ...named('report')];

let browser: Browser;
let server: StaticServer;
let page: Page;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'por-vectors-'));
  server = await serveFolder(builtPage());
  browser = await launchChromium();
  ({ page } = await openPage(browser, 'about:blank'));
  // Questions of the test go to the page's worker; their answers are kept from the page, which did not ask.
  await page.addInitScript(() => {
    const Original = Worker;
    globalThis.Worker = class extends Original {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        const asked = new Map<number, { checks: string[]; settle: (answer: unknown) => void }>();
        this.addEventListener('message', (event) => {
          const { id, kind, json } = event.data as { id: number; kind: string; json: string };
          const waiting = asked.get(id);
          if (waiting === undefined) {
            return;
          }
          event.stopImmediatePropagation();
          if (kind === 'check') {
            waiting.checks.push(json);
          } else {
            asked.delete(id);
            waiting.settle({ kind, json, checks: waiting.checks });
          }
        });
        let next = 1_000_000;
        Object.assign(globalThis, {
          check: ({ file, policy, account, now }: { file: string; policy?: string; account?: string; now?: string }) =>
            new Promise((settle) => {
              const id = next++;
              asked.set(id, { checks: [], settle });
              const statement = Uint8Array.from(atob(file), (one) => one.charCodeAt(0));
              this.postMessage({ kind: 'check', id, statement, policy, account, now: now === undefined ? undefined : BigInt(now) });
            }),
        });
      }
    };
  });
  await page.goto(`${server.origin}/`);
  await verifierReady(page);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answered {
  readonly kind: string;
  readonly json: string;
  readonly checks: readonly string[];
}

function judge(input: Vector['input']): Promise<Answered> {
  return page.evaluate((given) => (Reflect.get(globalThis, 'check') as (input: object) => Promise<never>)(given), input);
}

/** Check and reason of the first one that failed, or else of the first that could not be decided. */
function first({ checks }: Report): readonly [string, string] {
  const found = checks.find(({ outcome }) => outcome === 'failed') ?? checks.find(({ outcome }) => outcome === 'cannot_tell');
  return [found?.id ?? '', found?.reason ?? 'ok'];
}

test('there are vectors of each verdict', () => {
  expect(all.length).toBeGreaterThan(60);
  const verdicts = new Set(all.map(([, { output }]) => output.included));
  expect([...verdicts]).toEqual(expect.arrayContaining(['verified', 'not_verified', 'cannot_tell']));
});

test.each(all)('w_05_%s', async (_, { input, expect: code, output }) => {
  const { kind, json, checks } = await judge(input);
  expect(kind).toBe('report');
  const report = parseReport(json);
  if (output.report !== undefined) {
    expect(json).toBe(output.report);
  }
  if (output.included !== undefined) {
    expect([report.included, ...first(report)]).toEqual([output.included, output.check, code]);
  }
  // What was told on the way is what the report holds, check by check.
  const told = `[${checks.join(',')}]`;
  expect(json).toContain(`"checks":${told}`);
});

test.each(all)('w_05_the_command_line_says_the_same: %s', async (name, { input, expect: code }) => {
  const path = join(folder, `${name.replace('/', '-')}.por`);
  writeFileSync(path, Buffer.from(input.file, 'base64'));
  const flags = [];
  if (input.policy !== undefined) {
    writeFileSync(`${path}.policy`, input.policy);
    flags.push('--policy', `${path}.policy`);
  }
  if (input.account !== undefined) {
    flags.push('--account', input.account);
  }
  const { stdout, status } = spawnSync(por, ['verify', path, ...flags, '--json'], { encoding: 'utf8' });
  if (code === 'policy') {
    // A policy that cannot be read is bad input there, and ends before there is a report.
    expect([status, stdout]).toEqual([3, '']);
    return;
  }
  // The command line has its own clock; the page is given the same.
  const { json } = await judge({ ...input, now: String(Math.floor(Date.now() / 1000)) });
  expect(`${json}\n`).toBe(stdout);
});
