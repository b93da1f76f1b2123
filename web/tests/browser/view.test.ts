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
  expect(await opened.page.locator('.announcer').textContent()).toContain('Not verified yet');
  expect(await opened.page.locator('#limits li').count()).toBeGreaterThan(2);
  await choose(opened.page, SOME_FILE);
  expect(await opened.page.locator('#verdict').getAttribute('data-verdict')).toBe('checking');
  expect(await opened.page.locator('#verdict').textContent()).toContain('Still not verified');
  await opened.close();
});

test('each verdict is told in words, announced, and followed by its reasons', async () => {
  await after(workerThatReports(verified()), async (page) => {
    expect(await verdict(page)).toBe('verified');
    expect(await page.locator('.announcer').textContent()).toBe('Included? Verified. Covered? 2 of 3 assets. By the exchange’s own word. Not covered: USDT.');
    expect(await page.locator('.account-name').textContent()).toBe('maria.keller@example.com');
    expect(await page.locator('.claimed').count()).toBe(0);
    expect(await page.locator('.asset-coverage').evaluateAll((all) => all.map((one) => one.getAttribute('data-covered')))).toEqual(
      ['covered', 'covered', 'not_covered'],
    );
    expect(await page.locator('#coverage').textContent()).toContain('Signed by the exchange only');
    // The other verdict in a line of its own, with the mark and colour of a short reserve; what the exchange alone says is not green.
    expect(await page.locator('.covered-line').getAttribute('class')).toContain('tone-not_covered');
    expect(await page.locator('.covered-line').textContent()).toContain('Not covered: USDT.');
    expect(await page.locator('#verdict').textContent()).not.toContain('USDT');
    expect(await page.locator('.asset-coverage').evaluateAll((all) => all.map((one) => /tone-(\w+)/.exec(one.className)?.[1]))).toEqual(['claimed', 'claimed', 'not_covered']);
    expect(await page.locator('.asset-coverage .tag').allTextContents()).toContain('D: the exchange’s own word');
    // A short reserve says what it means and whom to ask, as every failure does.
    expect(await page.locator('.asset-coverage').last().locator('.meaning').textContent()).toContain('less than what is owed');
    expect(await page.locator('.asset-coverage .whom').allTextContents()).toEqual(['Whom to ask: the exchange, in writing; then its regulator.']);
    await page.locator('.to-coverage').click();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('coverage-title');
    expect(await page.locator('#proves li').count()).toBe(3);
    expect(await page.locator('#limits li').count()).toBe(5);
    expect(await page.locator('#identity').textContent()).toContain('31 October 2026 at 00:00:00 UTC');
  });
  await after(workerThatReports(notVerified()), async (page) => {
    expect(await verdict(page)).toBe('not_verified');
    // In plain words first; the claim and the reason are there for whoever unfolds them.
    expect(await page.locator('.culprits .means').allTextContents()).toEqual([expect.stringContaining('does not lead to the published fingerprint')]);
    expect(await page.locator('.culprits .whom').count()).toBe(1);
    expect(await page.locator('.culprits .reason').isVisible()).toBe(false);
    await page.locator('.technical summary').click();
    expect(await page.locator('.culprits .reason').textContent()).toContain('does not hash to the entry above it');
    await page.locator('#to-evidence').click();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('evidence-understood');
    expect(await page.locator('#proves .claimed').textContent()).toContain('Only where');
    // The other verdict stays out of this one.
    expect(await page.locator('#verdict').textContent()).not.toContain('reserves');
    expect(await page.locator('#balance .claimed').isVisible()).toBe(true);
    expect(await page.locator('.check[data-outcome=failed]').first().getAttribute('open')).not.toBeNull();
  });
  await after(workerThatReports(cannotTell()), async (page) => {
    expect(await verdict(page)).toBe('cannot_tell');
    expect(await page.locator('.no-policy').isVisible()).toBe(true);
    // What could not be checked is marked as open, never told as true.
    expect(await page.locator('.culprits .means').count()).toBe(0);
    expect(await page.locator('.culprits > ul .icon-cannot_tell').count()).toBe(await page.locator('.culprits > ul > li').count());
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
  }, 50_000_001);
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

/** A worker that tells of all checks of a report at once, and of the report itself when the page says so (`settle`). */
const inSteps = (report: object): string => `${workerThatRuns(`
  for (const check of ${JSON.stringify((report as { checks: object[] }).checks)}) postMessage({ kind: 'check', id: event.data.id, json: JSON.stringify(check) });
  setTimeout(() => postMessage({ kind: 'report', id: event.data.id, json: ${JSON.stringify(JSON.stringify(report))} }), 1500);`)}`;

test('checks appear one by one with how far they are, and nothing looks verified before the report', async () => {
  const report = verified();
  const checks = report['checks'] as Array<Record<string, unknown>>;
  Object.assign(checks[0]?.['facts'] ?? {}, { books: '3' });
  const opened = await openPage(browser, `${server.origin}/`, { worker: inSteps(report) });
  const { page } = opened;
  await choose(page, SOME_FILE);
  await page.locator('.made li').nth(checks.length - 1).waitFor();
  expect(await page.locator('#verdict').getAttribute('data-verdict')).toBe('checking');
  expect(await page.locator('.making').textContent()).toMatch(/^Check 24 of 25: /);
  // The last ones are those that are seen.
  const [seen, bottom] = await page.locator('.made').evaluate((list) => [list.lastElementChild!.getBoundingClientRect().bottom, list.getBoundingClientRect().bottom]);
  expect(Math.abs((seen ?? 0) - (bottom ?? 0))).toBeLessThan(8);
  expect(await page.locator('.made li').first().textContent()).toContain('Passed');
  expect(await page.locator('progress').evaluate((bar: HTMLProgressElement) => [bar.value, bar.max])).toEqual([24, 25]);
  expect(await page.locator('.tone-verified, .tone-passed, .tone-covered, .tone-claimed, #balance').count()).toBe(0);
  // Its marks have no colour of a verdict, and nothing of it is read out.
  const good = await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--good'));
  expect(good).not.toBe('');
  expect(await page.locator('.made .icon').first().evaluate((mark) => getComputedStyle(mark).color)).toBe(
    await page.locator('.made .outcome').first().evaluate((word) => getComputedStyle(word).color),
  );
  expect(await page.locator('.announcer').textContent()).toContain('Checking');
  expect(await verdict(page)).toBe('verified');
  expect(await page.locator('.made').count()).toBe(0);
  await opened.close();
});

test('a check that passed is no answer when the worker then dies', async () => {
  const report = verified();
  const worker = workerThatRuns(`
    for (const check of ${JSON.stringify(report['checks'])}) postMessage({ kind: 'check', id: event.data.id, json: JSON.stringify(check) });
    setTimeout(() => { throw new Error('gone'); }, 50);`);
  await after(worker, async (page) => {
    expect(await verdict(page)).toBe('broken');
    expect(await page.locator('.tone-verified, .made').count()).toBe(0);
  });
});

test('w_09_an_answer_of_which_a_part_cannot_be_shown_is_a_check_that_broke', async () => {
  // In the headline, and in a tab far below it.
  const breaks = { headline: () => Reflect.set(Intl, 'ListFormat', undefined), path: () => Reflect.set(Array.prototype, 'toReversed', undefined) };
  for (const [part, breakIt] of Object.entries(breaks)) {
    const opened = await openPage(browser, `${server.origin}/`, { worker: workerThatReports(verified()) });
    await opened.page.evaluate(breakIt);
    await choose(opened.page, SOME_FILE);
    await opened.page.locator('#verdict[data-verdict=broken]').waitFor();
    expect(await verdict(opened.page), part).toBe('broken');
    expect(await opened.page.locator('.tone-verified').count(), part).toBe(0);
    expect(await opened.page.locator('#limits li').count(), part).toBeGreaterThan(2);
    await opened.close();
  }
});

test('the keyboard is led to the verdict of a file that was chosen, and stays where somebody is at work', async () => {
  await after(workerThatReports(verified()), async (page) => {
    await verdict(page);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('verdict-title');
    await page.locator('#experts > summary').click();
    await page.locator('#account').fill('maria');
    await page.locator('#account').press('Enter');
    await page.waitForTimeout(300);
    expect(await verdict(page)).toBe('verified');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('account');
  });
});

test.each([
  ['reduce', 'none'],
  ['no-preference', 'breathe'],
] as const)('motion: with %s the mark of a running check has the animation %s', async (reducedMotion, animation) => {
  const opened = await openPage(browser, `${server.origin}/`, { worker: workerThatRuns(''), context: { reducedMotion } });
  await choose(opened.page, SOME_FILE);
  const strokes = opened.page.locator('.tone-checking > .icon .strokes');
  await strokes.waitFor({ state: 'attached' });
  expect(await strokes.evaluate((mark) => getComputedStyle(mark).animationName)).toBe(animation);
  await opened.close();
});

const row = (at: number): string =>
  JSON.stringify({ network: 'eip155:1', address: `0x${String(at).padStart(40, '0')}`, instance: 'eip155:1/slip44:60', amount: '1234567', evidence: 'signed_reading' });
const judging = `${workerThatReports(verified())}
addEventListener('message', ({ data: { kind, id, first, count } }) => {
  if (kind === 'reserves') postMessage({ kind: 'bound', id, bound: true, count: 120 });
  if (kind === 'ownership') postMessage({ kind: 'ownership', id, outcomes: new Uint8Array(count).fill(1).map((_, at) => (first + at === 7 ? 3 : 1)) });
});`;

test('of a long list a sample of signatures is judged at once and all of them on demand, page by page', async () => {
  await after(judging, async (page) => {
    await verdict(page);
    const list = { name: 'reserves.jsonl', mimeType: 'text/plain', buffer: Buffer.from(Array.from({ length: 120 }, (_, at) => `${row(at)}\n`).join('')) };
    // Dropped anywhere, it opens where it belongs.
    await page.locator('#statement').setInputFiles(list);
    await page.locator('.signatures', { hasText: 'A sample of 120, drawn at random. Of 50 signatures' }).waitFor();
    expect(await verdict(page)).toBe('verified');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('tab-addresses');
    const body = page.locator('#panel-addresses tbody tr');
    expect(await body.count()).toBe(25);
    expect(await page.locator('#panel-addresses .range').last().textContent()).toBe('1 to 25 of 120');
    expect(await page.locator('#panel-addresses td.number').first().textContent()).toBe('1,234,567 smallest units');
    for (const [first, last] of [[26, 50], [51, 75], [76, 100], [101, 120]]) {
      await page.locator('#reserves-next').focus();
      await page.keyboard.press('Enter');
      expect(await page.locator('#panel-addresses .range').last().textContent()).toBe(`${first} to ${last} of 120`);
    }
    // The button that can be pressed no more gave the keyboard to its neighbour.
    expect(await page.locator('#reserves-next').isDisabled()).toBe(true);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('reserves-previous');
    await page.locator('#signatures-all').click();
    await page.locator('.signatures', { hasText: 'Of 120 signatures, 119 prove control of their address, 0 cannot be decided here, 1 prove nothing.' }).waitFor();
    expect(await page.locator('#signatures-all').isVisible()).toBe(false);
    await page.locator('#reserves-search').fill('000119');
    await page.locator('#panel-addresses .range', { hasText: '1 to 1 of 1' }).waitFor();
  });
});

test('files that belong to a statement are said to be what they are, and not judged', async () => {
  await after(workerThatReports(verified()), async (page) => {
    await verdict(page);
    const give = (name: string, text: string): Promise<void> => page.locator('#statement').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
    const refusal = page.locator('.drop .refusal');
    await give('policy', 'log example.org/por+1234+AAAA\nquorum none\n');
    await refusal.filter({ hasText: 'This is a policy' }).waitFor();
    expect(await page.locator('#experts').getAttribute('open')).not.toBeNull();
    // It was not taken: the same policy is in use as before.
    expect(await page.locator('.policy-in-use').textContent()).toContain('None.');
    await give('evidence.zip', 'PK\u0003\u0004');
    await refusal.filter({ hasText: 'compressed folder' }).waitFor();
    await give('books.jsonl', '{"asset":{"id":"BTC"},"kind":"owed","leaf_count":16,"root":{}}\n');
    await refusal.filter({ hasText: 'publication' }).waitFor();
    expect(await verdict(page)).toBe('verified');
    expect(await page.locator('.drop-title').textContent()).toBe(SOME_FILE.name);
  });
  const opened = await openPage(browser, `${server.origin}/`, { worker: workerThatReports(verified()) });
  await choose(opened.page, { name: 'reserves.jsonl', bytes: Buffer.from(`${row(1)}\n`) });
  await opened.page.locator('.drop .refusal', { hasText: 'Check your statement first' }).waitFor();
  expect(await opened.page.locator('#verdict').getAttribute('data-verdict')).toBe('waiting');
  await opened.close();
});

test('with another key the arrows are the browser’s', async () => {
  await after(workerThatReports(verified()), async (page) => {
    await verdict(page);
    await page.locator('#tab-path').focus();
    const kept = await page.evaluate(() => {
      const event = new KeyboardEvent('keydown', { key: 'ArrowRight', altKey: true, bubbles: true, cancelable: true });
      document.activeElement?.dispatchEvent(event);
      return [event.defaultPrevented, document.activeElement?.id];
    });
    expect(kept).toEqual([false, 'tab-path']);
  });
});

test('the tabs stand in one row where there is room', async () => {
  await after(workerThatReports(verified()), async (page) => {
    await verdict(page);
    const tops = await page.getByRole('tab').evaluateAll((all) => all.map((tab) => tab.getBoundingClientRect().top));
    expect(new Set(tops).size).toBe(1);
  });
});
