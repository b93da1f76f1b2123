/** The check "history not rewritten since the last visit", and the switch that it rests on. */
import { forgetHeads, latestHead, readMemory, remember, type SinceVisit, sinceVisit } from '../head-memory.ts';
import { filesBesidePage, LogRefused, type Head, type LogSource, type PublishedLog } from '../log.ts';
import { messages } from '../messages/index.ts';
import type { Outcome } from '../report.ts';
import { element } from './element.ts';
import { icon, type IconName } from './icon.ts';
import { quietButton, saveFile } from './save.ts';

const text = messages.visit;

/** The log that the page has read, and how to read it. */
export interface LogDesk {
  readonly log: () => PublishedLog | null;
  readonly load: (source: LogSource) => Promise<PublishedLog>;
  /** Called after each log that was read, until the next statement. */
  readonly onRead: (react: () => void) => void;
}

const OUTCOMES: Readonly<Record<SinceVisit, Outcome | null>> = {
  not_asked: null,
  first: null,
  damaged: 'cannot_tell',
  needs_log: 'cannot_tell',
  shorter: 'cannot_tell',
  passed: 'passed',
  failed: 'failed',
};

/** `now` is the head that the statement's verdict rests on; its signatures were checked. */
export function visitView(now: Head, desk: LogDesk): HTMLElement {
  const root = element('div', { class: 'check visit', 'data-check': 'history-not-rewritten' });
  let unkept = false;
  desk.onRead(() => void judge());
  void judge(true);
  return root;

  async function judge(mayLoad = false): Promise<void> {
    const memory = readMemory();
    let since: SinceVisit;
    try {
      since = await sinceVisit(memory, now, desk.log());
      const source = filesBesidePage();
      if (since === 'needs_log' && mayLoad && source !== null) {
        show(since);
        // Its own answer comes by `onRead`; without the files the answer stays "cannot tell".
        await desk.load(source);
        return;
      }
    } catch (error) {
      since = error instanceof LogRefused && memory.kind === 'on' ? 'needs_log' : 'damaged';
    }
    // Only what was shown to extend the last head takes its place.
    if (since === 'first' || since === 'passed') {
      unkept = !remember(since === 'first' ? now : latestHead(now, desk.log()));
    }
    show(since);
  }

  function show(since: SinceVisit): void {
    const outcome = OUTCOMES[since];
    const on = since !== 'not_asked';
    const names: IconName = outcome ?? 'waiting';
    const box = element('input', { type: 'checkbox', id: 'remember-head', autocomplete: 'off' });
    box.checked = on;
    box.addEventListener('change', () => {
      if (box.checked) {
        unkept = !remember(now);
      } else {
        forgetHeads();
      }
      void judge();
    });
    root.dataset['outcome'] = since;
    root.className = `check visit tone-${outcome ?? 'none'}`;
    root.replaceChildren(
      element('h3', {}, icon(names), ' ', text.title),
      element('p', {}, element('strong', { class: 'outcome' }, outcome === null ? text.word[since === 'first' ? 'first' : 'not_asked'] : messages.checks.outcomes[outcome]), ' ', text.meaning[since]),
      unkept ? element('p', { class: 'refusal' }, text.unkept) : element('p', { hidden: '' }),
      element('p', {}, box, ' ', element('label', { for: 'remember-head' }, text.ask)),
      element('p', { class: 'hint' }, text.what),
      element(
        'div',
        { class: 'buttons' },
        since === 'failed' || since === 'shorter' ? quietButton('save-heads', text.save, saveHeads) : null,
        on ? quietButton('forget-heads', text.forget, () => {
          forgetHeads();
          unkept = false;
          void judge();
        }) : null,
      ),
    );
  }

  function saveHeads(): void {
    const memory = readMemory();
    const before = memory.kind === 'on' ? memory.heads.find(({ origin }) => origin === now.origin) : undefined;
    const read = desk.log()?.head;
    const plain = (head: Head | undefined): object | null => (head === undefined ? null : { origin: head.origin, size: head.size.toString(), root: head.root });
    const content = JSON.stringify({ remembered: plain(before), statement: plain(now), log: plain(read) }, null, 2);
    saveFile('log-heads.json', new Blob([`${content}\n`], { type: 'application/json' }));
  }
}
