/** The real page with the real verifier: examples, tabs, what can be taken away, and every way to bring a file. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import readerOfCodes from 'jsqr';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from './harness/browser.ts';
import { newestAttestation, publication, statements } from './harness/folders.ts';
import { choose, openPage, type OpenPage, verdict, verifierReady } from './harness/page.ts';
import { serveFolder, type StaticServer } from '../../serve.mjs';

// A CommonJS module: whatever brings it in, the function stands at one of two places.
const jsQR = (readerOfCodes as unknown as { default?: typeof readerOfCodes }).default ?? readerOfCodes;

let browser: Browser;
let server: StaticServer;
let folder: string;

beforeAll(async () => {
  browser = await launchChromium();
  server = await serveFolder(publication());
  folder = mkdtempSync(join(tmpdir(), 'por-look-'));
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function withHonest(): Promise<OpenPage> {
  const opened = await openPage(browser, `${server.origin}/`);
  await choose(opened.page, statements().honest);
  expect(await verdict(opened.page)).toBe('verified');
  return opened;
}

async function download(page: Page, button: string, name: string): Promise<string> {
  const [saved] = await Promise.all([page.waitForEvent('download'), page.locator(button).click()]);
  const path = join(folder, name);
  await saved.saveAs(path);
  return path;
}

test('the example is verified, the forged one is not, both are called examples, and nothing is asked for', async () => {
  const opened = await openPage(browser, `${server.origin}/`);
  const { page } = opened;
  await verifierReady(page);
  const before = opened.requests.length;
  await page.context().setOffline(true);
  await page.locator('#example-honest').click();
  expect(await verdict(page)).toBe('verified');
  expect(await page.locator('.note').textContent()).toContain('the exchange does not exist');
  await page.context().setOffline(false);
  expect(opened.requests.slice(before).filter((url) => !/^(blob|data):/.test(url))).toEqual([]);
  await page.reload();
  await page.locator('#example-forged').click();
  expect(await verdict(page)).toBe('not_verified');
  expect(await page.locator('.note').last().textContent()).toContain('one digit');
  // Each failure says what it means and whom to ask.
  expect(await page.locator('.culprits .means').count()).toBe(await page.locator('.culprits > ul > li').count());
  expect(await page.locator('.culprits .whom').textContent()).toContain('the exchange, in writing');
  await opened.close();
});

test('evidence is given only after a warning, and the command line checks it', async () => {
  const por = process.env['POR_PROGRAM'] ?? fileAt('../../../target/release/por');
  const opened = await withHonest();
  expect(await opened.page.locator('#save-evidence').isDisabled()).toBe(true);
  await opened.page.locator('#evidence-understood').check();
  const path = await download(opened.page, '#save-evidence', 'evidence.zip');
  execFileSync('python3', ['-m', 'zipfile', '-e', path, folder]);
  expect(readFileSync(join(folder, 'statement.por'))).toEqual(readFileSync(statements().honest));
  const report = execFileSync(por, ['verify', join(folder, 'statement.por'), '--policy', join(folder, 'policy.txt'), '--json']);
  expect(report.toString()).toBe(readFileSync(join(folder, 'report.json'), 'utf8'));
  await opened.close();
});

test('k_03_the_receipt_that_is_saved_is_without_the_account', async () => {
  const opened = await withHonest();
  const account = (await opened.page.locator('.account-name').textContent()) ?? '';
  const text = readFileSync(await download(opened.page, '#save-receipt', 'receipt.txt'), 'utf8');
  expect(account).not.toBe('');
  expect(text).not.toContain(account);
  expect(text).toContain('Included?: Verified');
  expect(text).toContain('proves nothing to anyone else');
  await opened.close();
});

test('tabs are one stop for the keyboard, and arrows lead from one to the next', async () => {
  const { page, close } = await withHonest();
  await page.locator('#tab-path').focus();
  expect(await page.locator('#panel-path svg[role=img]').isVisible()).toBe(true);
  for (const name of ['assets', 'history', 'addresses', 'auditors', 'heads', 'path']) {
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe(`tab-${name}`);
    expect(await page.locator(`#panel-${name}`).isVisible()).toBe(true);
    expect(await page.locator('[role=tabpanel]:visible').count()).toBe(1);
  }
  await close();
});

test('the path leads from the leaf to the head of the log, and the table says the same as the drawing', async () => {
  const { page, close } = await withHonest();
  const drawn = await page.locator('#panel-path svg .where').allTextContents();
  await page.locator('#panel-path summary').click();
  expect(await page.locator('#panel-path tbody th').allTextContents()).toEqual(drawn);
  expect(drawn.at(0)).toBe('Head of the log');
  expect(drawn.at(-1)).toBe('Your entry');
  await page.locator('#path-book').selectOption({ index: 1 });
  const leaf = await page.locator('#identity .pair', { hasText: 'Your entry in ETH' }).locator('dd').textContent();
  expect(leaf).toContain((await page.locator('#panel-path svg .place').last().textContent())?.split(' / ')[0]);
  await close();
});

test('assets are sorted by a column, up and down, by value and not by letters', async () => {
  const { page, close } = await withHonest();
  await page.locator('#tab-assets').click();
  const assets = (): Promise<string[]> => page.locator('.assets-table tbody th').allTextContents();
  await page.locator('.assets-table .sort', { hasText: 'Owed' }).click();
  const up = await assets();
  expect(await page.locator('.assets-table th[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
  expect(up).toEqual(['BTC', 'ETH', 'USDT']);
  await page.locator('.assets-table .sort', { hasText: 'Owed' }).click();
  expect(await assets()).toEqual(up.toReversed());
  expect(await page.locator('.assets-table th[aria-sort]').getAttribute('aria-sort')).toBe('descending');
  await close();
});

test('addresses come from the list that the attestation is bound to; any other list is called another', async () => {
  const { page, close } = await withHonest();
  await page.locator('#tab-addresses').click();
  expect(await page.locator('#panel-addresses').textContent()).toContain('not in this file');
  const list = readFileSync(join(newestAttestation(), 'reserves.jsonl'));
  const open = (buffer: Buffer): Promise<void> =>
    page.locator('#reserves-file').setInputFiles({ name: 'reserves.jsonl', mimeType: 'text/plain', buffer });
  await open(list);
  await page.locator('.bound').waitFor();
  expect(await page.locator('#panel-addresses .refusal').textContent()).toBe('');
  // Coins and networks by their names, figures in units; the full identifiers are there for whoever opens them.
  const cells = page.locator('#panel-addresses tbody tr').first().locator('td');
  expect(await cells.nth(0).textContent()).toMatch(/^Bitcoin/);
  expect(await cells.nth(1).locator('summary').textContent()).toBe('BTC');
  expect(await cells.nth(2).textContent()).toMatch(/^[0-9,]+\.[0-9]+$/);
  expect(await cells.nth(1).locator('.code').isVisible()).toBe(false);
  await cells.nth(1).locator('summary').click();
  expect(await cells.nth(1).locator('.code').textContent()).toContain('bip122:');
  await page.locator('#reserves-search').fill('EIP155:');
  await page.locator('#panel-addresses tbody', { hasNotText: 'Bitcoin' }).waitFor();
  expect(await page.locator('#panel-addresses tbody tr').count()).toBeGreaterThan(0);
  expect(await page.locator('#panel-addresses tbody', { hasText: 'Bitcoin' }).count()).toBe(0);
  // Every signature of the sample is honest, and the verifier says so, one by one.
  await page.locator('.signatures', { hasText: /^Of (\d+) signatures, \1 prove .* 0 cannot be decided here, 0 prove nothing\.$/ }).waitFor();
  expect(await page.locator('#panel-addresses tbody td.outcome', { hasText: /^proven$/ }).count()).toBe(await page.locator('#panel-addresses tbody tr').count());
  await open(list.subarray(0, list.lastIndexOf(10, list.length - 2) + 1));
  await page.locator('#panel-addresses .refusal', { hasText: 'Do not rely on it' }).waitFor();
  expect(await page.locator('.bound').count()).toBe(0);
  // A list that is not bound proves nothing, however good its signatures are.
  expect(await page.locator('.signatures').count()).toBe(0);
  expect(await page.locator('#panel-addresses .outcome', { hasText: /^proven$/ }).count()).toBe(0);
  await open(Buffer.from('<script>\n'));
  await page.locator('#panel-addresses .refusal', { hasText: 'not a list' }).waitFor();
  await close();
});

test('how reserves are held is shown where the exchange says it, as its own word', async () => {
  const { page, close } = await withHonest();
  await page.locator('#tab-addresses').click();
  const list = readFileSync(join(newestAttestation(), 'reserves.jsonl'), 'utf8');
  const give = (text: string): Promise<void> => page.locator('#reserves-file').setInputFiles({ name: 'reserves.jsonl', mimeType: 'text/plain', buffer: Buffer.from(text) });
  await give(list);
  await page.locator('.bound').waitFor();
  expect(await page.locator('#panel-addresses thead th').count()).toBe(5);
  const [first, ...rest] = list.split('\n');
  const held = { ...JSON.parse(first ?? ''), encumbered: '30', holding: { custody: 'cold', custodian: '<b>Vault', staked: '20', lent: '10' } };
  await give([JSON.stringify(held), ...rest].join('\n'));
  await page.locator('#panel-addresses thead th', { hasText: 'own word' }).waitFor();
  const parts = await page.locator('#panel-addresses tbody tr').first().locator('.part').allTextContents();
  // In units of the coin: the statement's books say how many decimals it has.
  expect(parts).toEqual(['cold', 'at <b>Vault', 'staked: 0.0000002', 'covers nothing: 0.0000003', 'lent: 0.0000001']);
  expect(await page.locator('#panel-addresses tbody tr').nth(1).locator('.part').count()).toBe(0);
  expect(await page.locator('#panel-addresses b').count()).toBe(0);
  await close();
});

test('w_11_the_fingerprint_of_the_head_is_shown_and_compared', async () => {
  const { page, close } = await withHonest();
  await page.locator('#tab-heads').click();
  const shown = (await page.locator('.fingerprint').textContent()) ?? '';
  expect(readFileSync(join(publication(), 'log/checkpoint'), 'utf8').split('\n')[2]).toBe(
    Buffer.from(await rootOf(page), 'hex').toString('base64'),
  );
  expect((await rootOf(page)).startsWith(shown.replaceAll(' ', ''))).toBe(true);
  await page.locator('#other-head').fill(shown.toUpperCase());
  expect(await page.locator('.comparison').textContent()).toContain('The same');
  await page.locator('#other-head').fill(shown.replace(/.$/, (last) => (last === '0' ? '1' : '0')));
  expect(await page.locator('.comparison').textContent()).toContain('Different');
  expect(await page.locator('.qr').isVisible()).toBe(true);
  await close();
});

test('w_11_the_qr_code_holds_the_whole_head_and_a_reader_reads_it', async () => {
  const opened = await openPage(browser, `${server.origin}/`);
  const { page } = opened;
  await choose(page, statements().honest);
  await verdict(page);
  await page.locator('#tab-heads').click();
  const drawn = await page.locator('.qr').evaluate(async (svg) => {
    const size = 480;
    const copy = svg.cloneNode(true) as SVGSVGElement;
    copy.setAttribute('width', String(size));
    copy.setAttribute('height', String(size));
    // Black on white, as the style-sheet has it.
    copy.querySelector('.qr-paper')?.setAttribute('fill', getComputedStyle(svg.querySelector('.qr-paper')!).fill);
    copy.querySelector('.qr-ink')?.setAttribute('fill', getComputedStyle(svg.querySelector('.qr-ink')!).fill);
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = size;
    canvas.height = size;
    const drawing = canvas.getContext('2d')!;
    drawing.drawImage(image, 0, 0, size, size);
    return { size, data: Array.from(drawing.getImageData(0, 0, size, size).data) };
  });
  const read = jsQR(Uint8ClampedArray.from(drawn.data), drawn.size, drawn.size);
  const [origin, size, root] = readFileSync(join(publication(), 'log/checkpoint'), 'utf8').split('\n');
  expect(read?.data).toBe(`${origin}\n${size}\n${Buffer.from(root ?? '', 'base64').toString('hex')}\n`);
  await opened.close();
});

test('a file can be pasted, and pasted text is told from a file', async () => {
  const opened = await openPage(browser, `${server.origin}/`);
  const { page } = opened;
  const content = readFileSync(statements().honest).toString('base64');
  const paste = (base64: string | null): Promise<void> =>
    page.evaluate((encoded) => {
      const data = new DataTransfer();
      if (encoded === null) {
        data.setData('text/plain', 'por/statement/v1');
      } else {
        data.items.add(new File([Uint8Array.from(atob(encoded), (one) => one.charCodeAt(0))], 'pasted.por'));
      }
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    }, base64);
  await paste(null);
  expect(await page.locator('.drop .refusal').textContent()).toContain('text and not a file');
  await paste(content);
  expect(await verdict(page)).toBe('verified');
  await opened.close();
});

test('an example has no publication: neither an audit nor a history is offered, and no file is asked for', async () => {
  const opened = await openPage(browser, `${server.origin}/`);
  const { page } = opened;
  await page.locator('#example-honest').click();
  expect(await verdict(page)).toBe('verified');
  const before = opened.requests.length;
  await page.locator('#tab-auditors').click();
  expect(await page.locator('#audit-start, #audit-folder').count()).toBe(0);
  expect(await page.locator('.audit .absent').textContent()).toContain('An example has no publication');
  await page.locator('#tab-history').click();
  expect(await page.locator('#history-load, #publication-folder').count()).toBe(0);
  expect(await page.locator('#panel-history').textContent()).toContain('An example has no history');
  expect(opened.requests.slice(before)).toEqual([]);
  // Another example can be had from here.
  await page.locator('#example-forged').click();
  await page.locator('#verdict[data-verdict=not_verified]').waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('verdict-title');
  await opened.close();
});

test('a file that was chosen while an example was on its way is the one that is shown', async () => {
  const opened = await openPage(browser, 'about:blank');
  const { page } = opened;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/assets/example-*.json', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${server.origin}/`);
  await page.locator('#example-forged').click();
  await choose(page, statements().honest);
  expect(await verdict(page)).toBe('verified');
  release();
  await page.waitForTimeout(500);
  expect(await page.locator('.drop-title').textContent()).toBe('honest.por');
  expect(await verdict(page)).toBe('verified');
  await opened.close();
});

function rootOf(page: Page): Promise<string> {
  return page.locator('#identity .pair', { hasText: 'Root of the log head' }).locator('dd').textContent().then((text) => text ?? '');
}

function fileAt(path: string): string {
  return new URL(path, import.meta.url).pathname;
}
