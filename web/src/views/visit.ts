/** The check "history not rewritten since the last visit", and the switch that it rests on. */
import { forgetHeads, latestHead, type Memory, readMemory, remember, type SinceVisit, sinceVisit } from '../head-memory.ts';
import { LogRefused, type Head, type LogSource, type PublishedLog } from '../log.ts';
import { messages } from '../messages/index.ts';
import type { Outcome } from '../report.ts';
import { element } from './element.ts';
import { icon, type IconName } from './icon.ts';
import { quietButton, saveFile } from './save.ts';

const text = messages.visit;

/** The log that the page has read, and how to read it. */
export interface LogDesk {
  /** The files beside the page, where it has any. */
  readonly beside: LogSource | null;
  readonly log: () => PublishedLog | null;
  /** Whoever asks for a source that is being read gets the same reading. */
  readonly load: (source: LogSource) => Promise<PublishedLog>;
  /** Called after each log that was read, until the next statement. */
  readonly onRead: (react: () => void) => void;
}

const OUTCOMES: Readonly<Record<SinceVisit, Outcome | null>> = {
  not_asked: null,
  first: null,
  damaged: 'cannot_tell',
  needs_log: 'cannot_tell',
  unavailable: 'cannot_tell',
  unverified: 'cannot_tell',
  shorter: 'cannot_tell',
  passed: 'passed',
  failed: 'failed',
};

/** `now` is the head that the statement's verdict rests on; its signatures were checked. */
export function visitView(now: Head, desk: LogDesk): HTMLElement {
  const title = element('h3');
  // It stays while what it says changes, so that a change is read out.
  const said = element('p', { role: 'status' });
  const controls = element('div', { class: 'stack' });
  const root = element('div', { class: 'check visit', 'data-check': 'history-not-rewritten' }, title, said, controls);
  let unkept = false;
  /** Counts the judgements: what an earlier one still brings is left aside. */
  let latest = 0;
  desk.onRead(() => void judge());
  void judge(true);
  return root;

  async function judge(mayLoad = false): Promise<void> {
    const turn = ++latest;
    const memory = readMemory();
    let since = await compared(memory);
    if (turn !== latest) {
      return;
    }
    if (since === 'needs_log' && mayLoad && desk.beside !== null) {
      show(since);
      try {
        // Its own answer comes by `onRead`.
        await desk.load(desk.beside);
        return;
      } catch (error) {
        since = error instanceof LogRefused ? 'unverified' : 'unavailable';
      }
      if (turn !== latest) {
        return;
      }
    }
    // Only what was shown to extend the last head takes its place.
    if (since === 'first' || since === 'passed') {
      unkept = !remember(since === 'first' ? now : latestHead(now, desk.log()));
    }
    show(since);
  }

  /** The verifier refuses a head that it cannot read: that one is damaged. Whatever else goes wrong, nothing can be told. */
  async function compared(memory: Memory): Promise<SinceVisit> {
    try {
      return await sinceVisit(memory, now, desk.log());
    } catch (error) {
      return error instanceof LogRefused ? 'damaged' : 'unavailable';
    }
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
    // The controls are made anew: the keyboard goes on from the same one, or from the switch where that is gone.
    const focused = controls.contains(document.activeElement) ? document.activeElement?.id : undefined;
    root.dataset['outcome'] = since;
    root.className = `check visit tone-${outcome ?? 'none'}`;
    title.replaceChildren(icon(names), ' ', text.title);
    said.replaceChildren(
      element('strong', { class: 'outcome' }, outcome === null ? text.word[since === 'first' ? 'first' : 'not_asked'] : messages.checks.outcomes[outcome]),
      ' ',
      text.meaning[since],
    );
    controls.replaceChildren(
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
    if (focused !== undefined) {
      (controls.querySelector<HTMLElement>(`[id="${focused}"]`) ?? box).focus();
    }
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
