/** The audit of every tile, in the page: start, progress, stop, go on, and what came of it. */
import type { AuditRun, Outcome, Progress } from '../audit/run.ts';
import { folderSource, type Source } from '../audit/source.ts';
import { messages, sentence } from '../messages/index.ts';
import { element } from './element.ts';
import { foreign } from './foreign.ts';
import { icon } from './icon.ts';
import { quietButton } from './save.ts';

const text = messages.look.audit;

/** What the page brings: a run over a source, and its own host, where it has one. */
export interface Auditing {
  readonly begin: (source: Source) => AuditRun;
  readonly host: Source | null;
}

/** Why there is nothing to audit. */
export type NoAudit = 'example' | 'unauthentic';

export function noAuditView(why: NoAudit): HTMLElement {
  return element(
    'section',
    { class: 'stack audit', 'aria-labelledby': 'audit-title' },
    element('h3', { id: 'audit-title' }, text.title),
    element('p', { class: 'absent' }, text.none[why]),
  );
}

export function auditView({ begin, host }: Auditing): HTMLElement {
  const bar = element('progress', { 'aria-label': text.title, max: '1', value: '0' });
  // Not read out: it changes many times a second. What is, is the outcome.
  const words = element('p', { class: 'range' });
  const result = element('div', { class: 'audit-result', role: 'status' });
  const running = element('div', { class: 'stack', hidden: '' }, bar, words);
  let run: AuditRun | undefined;

  const start = quietButton('audit-start', text.start, () => go(host === null ? undefined : begin(host)));
  const stop = quietButton('audit-stop', text.stop, () => run?.stop());
  const resume = quietButton('audit-resume', text.resume, () => go(run));
  const folder = element('input', { type: 'file', id: 'audit-folder', webkitdirectory: '', 'aria-label': text.folder, autocomplete: 'off' });
  folder.addEventListener('change', () => {
    const files = Array.from(folder.files ?? []);
    folder.value = '';
    if (files.length > 0) {
      go(begin(folderSource(files)));
    }
  });
  const chooser = element('label', { class: 'file-button', for: 'audit-folder' }, folder, element('span', { class: 'button quiet', 'aria-hidden': 'true' }, text.folder));
  start.hidden = host === null;
  offer(null);
  return element(
    'section',
    { class: 'stack audit', 'aria-labelledby': 'audit-title' },
    element('h3', { id: 'audit-title' }, text.title),
    element('p', {}, text.lede),
    element('div', { class: 'buttons' }, start, chooser, stop, resume),
    running,
    result,
  );

  function go(chosen: AuditRun | undefined): void {
    if (chosen === undefined) {
      return;
    }
    run?.stop();
    run = chosen;
    result.replaceChildren();
    bar.removeAttribute('value');
    words.replaceChildren(text.starting);
    offer('running');
    chosen.run((progress) => {
      if (run === chosen) {
        showProgress(progress);
      }
    }).then((outcome) => {
      if (run === chosen) {
        offer(outcome.kind);
        result.replaceChildren(...outcomeView(outcome));
      }
    });
  }

  function showProgress(progress: Progress): void {
    bar.max = progress.total;
    bar.value = progress.done;
    words.replaceChildren(progressWords(progress));
  }

  /** The buttons that make sense in this state; what was stopped, or could not be read, goes on where it was. */
  function offer(state: Outcome['kind'] | 'running' | null): void {
    const busy = state === 'running';
    const had = [start, stop, resume, folder].some((button) => button === document.activeElement);
    start.disabled = busy;
    folder.disabled = busy;
    stop.hidden = !busy;
    resume.hidden = state !== 'stopped' && state !== 'unread';
    running.hidden = state === null || state === 'passed';
    // The button that was pressed is gone, or cannot be pressed: the keyboard goes to the one in its place.
    if (had) {
      [stop, resume, start, folder].find((button) => !button.hidden && !button.disabled)?.focus();
    }
  }
}

function progressWords({ done, total, elapsed, recent }: Progress): string {
  const number = (value: number): string => new Intl.NumberFormat(messages.tag).format(BigInt(Math.round(value)));
  const values = { done: number(done), total: number(total) };
  if (recent === 0 || elapsed < 1000) {
    return sentence(text.counted, values);
  }
  const rate = recent / (elapsed / 1000);
  return sentence(text.running, { ...values, rate: number(rate), left: duration((total - done) / rate) });
}

/** Whole seconds, minutes or hours, rounded up. */
function duration(seconds: number): string {
  const [value, unit] = seconds < 90 ? [seconds, 'second'] : seconds < 5400 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
  const whole = BigInt(Math.max(1, Math.ceil(value)));
  return new Intl.NumberFormat(messages.tag, { style: 'unit', unit, unitDisplay: 'long' }).format(whole);
}

function outcomeView(outcome: Outcome): HTMLElement[] {
  const number = (value: number): string => new Intl.NumberFormat(messages.tag).format(BigInt(value));
  switch (outcome.kind) {
    case 'passed': {
      const { books, tiles, leaves } = outcome;
      return [said('passed', sentence(text.passed, { books: number(books), tiles: number(tiles), leaves: number(leaves) })), element('p', { class: 'hint' }, text.limits)];
    }
    case 'stopped':
      return [said('cannot_tell', text.stopped)];
    case 'false':
      return [said('failed', text.failed), element('p', {}, foreign(outcome.detail, 'foreign code')), element('p', { class: 'hint' }, text.actOnFailure)];
    case 'other':
      return [said('cannot_tell', text.other), element('p', {}, foreign(outcome.detail, 'foreign code'))];
    case 'unread':
      return [said('cannot_tell', text.unread), element('p', {}, foreign(outcome.detail, 'foreign code'))];
    case 'broken':
      return [said('cannot_tell', text.broken), element('p', {}, foreign(outcome.detail, 'foreign code'))];
  }
}

function said(mark: 'passed' | 'failed' | 'cannot_tell', words: string): HTMLElement {
  return element('p', { class: `audit-said ${mark}` }, icon(mark), ' ', words);
}
