/** What the page makes of a report, with a worker that answers with a recorded one. Names follow ATTACKS 4.13. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from './harness/browser.ts';
import { builtPage } from './harness/folders.ts';
import { choose, openPage, SOME_FILE, verdict, workerThatReports, workerThatRuns } from './harness/page.ts';
import { cannotTell, hostileNames, notVerified, unreadable, verified } from './harness/reports.ts';
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

/** Opens the page with a stand-in for the worker and gives it a file. */
async function after<T>(worker: string, look: (page: Page) => Promise<T>, context?: BrowserContextOptions): Promise<T> {
  const opened = await openPage(browser, `${server.origin}/`, { worker, ...(context === undefined ? {} : { context }) });
  try {
    await choose(opened.page, SOME_FILE);
    return await look(opened.page);
  } finally {
    await opened.close();
  }
}

test('nothing is verified before a file is checked', async () => {
  const opened = await openPage(browser, `${server.origin}/`, { worker: workerThatRuns('') });
  expect(await opened.page.locator('#verdict .word').textContent()).toBe('Not verified yet');
  expect(await opened.page.locator('[role=status]').textContent()).toContain('Not verified yet');
  expect(await opened.page.locator('#limits li').count()).toBeGreaterThan(2);
  await choose(opened.page, SOME_FILE);
  expect(await opened.page.locator('#verdict').getAttribute('data-verdict')).toBe('checking');
  expect(await opened.page.locator('#verdict').textContent()).toContain('Still not verified');
  await opened.close();
});

test('each verdict is told in words, announced, and followed by its reasons', async () => {
  await after(workerThatReports(verified()), async (page) => {
    expect(await verdict(page)).toBe('verified');
    expect(await page.locator('[role=status]').textContent()).toBe('Included? Verified.');
    expect(await page.locator('.account-name').textContent()).toBe('maria.keller@example.com');
    expect(await page.locator('.claimed').count()).toBe(0);
    expect(await page.locator('.asset-coverage').evaluateAll((all) => all.map((one) => one.getAttribute('data-covered')))).toEqual(
      ['covered', 'covered', 'not_covered'],
    );
    expect(await page.locator('#coverage').textContent()).toContain('Signed by the exchange only');
    expect(await page.locator('#limits li').count()).toBe(5);
    expect(await page.locator('#identity').textContent()).toContain('31 October 2026 at 00:00:00 UTC');
  });
  await after(workerThatReports(notVerified()), async (page) => {
    expect(await verdict(page)).toBe('not_verified');
    expect(await page.locator('#verdict').textContent()).toContain('does not hash to the entry above it');
    // The other verdict stays out of this one.
    expect(await page.locator('#verdict').textContent()).not.toContain('reserves');
    expect(await page.locator('#balance .claimed').isVisible()).toBe(true);
    expect(await page.locator('.check[data-outcome=failed]').first().getAttribute('open')).not.toBeNull();
  });
  await after(workerThatReports(cannotTell()), async (page) => {
    expect(await verdict(page)).toBe('cannot_tell');
    expect(await page.locator('.no-policy').isVisible()).toBe(true);
    expect(await page.locator('#verdict').textContent()).toContain('This is not a verification');
  });
  await after(workerThatReports(unreadable()), async (page) => {
    expect(await verdict(page)).toBe('not_verified');
    expect(await page.locator('#balance').count()).toBe(0);
    expect(await page.locator('.advice').textContent()).toContain('Download the statement again');
  });
});

test('w_01_i_06_markup_in_a_name_is_text', async () => {
  await after(workerThatReports(hostileNames()), async (page) => {
    expect(await verdict(page)).toBe('not_verified');
    expect(await page.title()).toBe('Is my balance counted?');
    expect(await page.locator('img, script:not([src]):not(#policy, #resources), iframe, a').count()).toBe(0);
    expect(await page.locator('.account-name').textContent()).toContain('<script>document.title="owned"</script>⟨U+202E⟩txt.exe');
    expect(await page.locator('#identity').textContent()).toContain('=HYPERLINK("http://example.com")');
  });
});

test('w_01_the_policy_allows_no_inline_script_and_no_markup_from_strings', async () => {
  const opened = await openPage(browser, `${server.origin}/`, { worker: workerThatRuns('') });
  await opened.page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'document.title = "owned"';
    document.body.append(script);
    document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="document.title=\'owned\'">');
  });
  await opened.page.waitForTimeout(200);
  expect(await opened.page.title()).toBe('Is my balance counted?');
  expect(opened.complaints.join('\n')).toContain('Content Security Policy');
  await opened.close();
});

test('w_03_a_file_above_50_mb_is_refused_and_the_page_stays_alive', async () => {
  const opened = await openPage(browser, `${server.origin}/`, { worker: workerThatReports(verified()) });
  await opened.page.evaluate((bytes) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], 'large.por'));
    dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
  }, 50 * 1024 * 1024 + 1);
  await opened.page.locator('.refusal', { hasText: 'larger than 50 MB' }).waitFor();
  expect(await opened.page.locator('#verdict').getAttribute('data-verdict')).toBe('waiting');
  await choose(opened.page, SOME_FILE);
  expect(await verdict(opened.page)).toBe('verified');
  await opened.close();
});

test('w_04_figures_above_2_to_the_53_are_exact', async () => {
  await after(workerThatReports(verified()), async (page) => {
    await verdict(page);
    expect(await page.locator('.figure .amount').allTextContents()).toEqual([
      '1.24500001',
      '17.250000000000000001',
      '9,007,199,254.740993',
    ]);
    expect(await page.locator('.rounded').allTextContents()).toEqual([
      'Counted as 17.25000001 ETH, rounded up to 8 decimals, in your favour',
    ]);
  });
});

describe('w_09_panic_is_never_success', () => {
  const report = JSON.stringify(verified());
  const workers: Record<string, string> = {
    'a trap in the module': workerThatRuns("throw new WebAssembly.RuntimeError('unreachable')"),
    'a failure that the worker reports': workerThatRuns("postMessage({ kind: 'failed', id: event.data.id, detail: 'x' })"),
    'JSON that is cut short': workerThatReports(report.slice(0, -1)),
    'JSON of another shape': workerThatReports('{"included":"verified"}'),
    'no JSON': workerThatReports('verified'),
    'a verdict that its books contradict': workerThatReports({ ...notVerified(), included: 'verified' }),
    'a worker that is no program': 'this is not JavaScript',
    'a worker that dies at once': "throw new Error('gone')",
  };
  test.each(Object.entries(workers))('%s', async (_, worker) => {
    await after(worker, async (page) => {
      expect(await verdict(page)).toBe('broken');
      expect(await page.locator('#verdict').textContent()).toContain('This is not a verification');
      expect(await page.locator('.tone-verified, #balance, #coverage').count()).toBe(0);
    });
  });

  test('a worker that never answers', async () => {
    const opened = await openPage(browser, 'about:blank', { worker: workerThatRuns('') });
    await opened.page.clock.install();
    await opened.page.goto(`${server.origin}/`);
    await choose(opened.page, SOME_FILE);
    await opened.page.locator('[data-verdict=checking]').waitFor();
    await opened.page.clock.runFor(121_000);
    expect(await verdict(opened.page)).toBe('broken');
    await opened.close();
  });

  test('a verifier that cannot be loaded', async () => {
    const opened = await openPage(browser, 'about:blank');
    await opened.page.route('**/*.wasm', (route) => route.fulfill({ contentType: 'application/wasm', body: 'not a module' }));
    await opened.page.goto(`${server.origin}/`);
    expect(await verdict(opened.page)).toBe('broken');
    await opened.close();
  });
});

test('an answer to an earlier file is not shown for a later one', async () => {
  const [first, second] = [JSON.stringify(verified()), JSON.stringify(notVerified())];
  const worker = workerThatRuns(`
    const { id } = event.data;
    const json = id === 1 ? ${JSON.stringify(first)} : ${JSON.stringify(second)};
    setTimeout(() => postMessage({ kind: 'report', id, json }), id === 1 ? 600 : 100);`);
  await after(worker, async (page) => {
    await choose(page, { name: 'second.por', bytes: Buffer.from('x') });
    expect(await verdict(page)).toBe('not_verified');
    await page.waitForTimeout(800);
    expect(await verdict(page)).toBe('not_verified');
  });
});

test('the keyboard reaches the file input, and shows where it is', async () => {
  const opened = await openPage(browser, `${server.origin}/`, { worker: workerThatRuns('') });
  // Listened for well before the key: the browser is told to report choosers only now, and does not wait with the key.
  const chooser = opened.page.waitForEvent('filechooser');
  const focused: Array<string | undefined> = [];
  for (let stop = 0; stop < 3; stop += 1) {
    await opened.page.keyboard.press('Tab');
    focused.push(await opened.page.evaluate(() => document.activeElement?.id));
  }
  expect(focused).toEqual(['language', 'language-remember', 'statement']);
  const outline = await opened.page.locator('.drop-zone').evaluate((zone) => getComputedStyle(zone).outlineStyle);
  expect(outline).toBe('solid');
  await opened.page.keyboard.press('Enter');
  await (await chooser).setFiles([]);
  await opened.close();
});

test('an expert chooses a policy and an account, and the file is checked again with them', async () => {
  const echo = `
    const report = ${JSON.stringify(cannotTell())};
    report.statement.entity = String(event.data.policy) + '|' + String(event.data.account);
    postMessage({ kind: 'report', id: event.data.id, json: JSON.stringify(report) });`;
  await after(workerThatRuns(echo), async (page) => {
    const entity = page.locator('#identity dd').first();
    await entity.filter({ hasText: 'undefined|undefined' }).waitFor();
    await page.locator('#experts > summary').click();
    await page.locator('#policy-file').setInputFiles({ name: 'p.txt', mimeType: 'text/plain', buffer: Buffer.from('log a\nquorum none\n') });
    await entity.filter({ hasText: 'log a⟨U+000A⟩quorum none⟨U+000A⟩|undefined' }).waitFor();
    expect(await page.locator('.policy-lines li').allTextContents()).toEqual(['log a', 'quorum none']);
    await page.locator('#account').fill('maria');
    await page.locator('#account').press('Tab');
    await entity.filter({ hasText: '|maria' }).waitFor();
  });
});
