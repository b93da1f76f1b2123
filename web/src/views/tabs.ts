/**
 * Tabs, as the ARIA Authoring Practices describe them: one stop for the tabulator key, arrows between the tabs.
 * A panel is made when it is first shown: most visitors open none.
 */
import { element } from './element.ts';

export interface Tab {
  readonly id: string;
  readonly label: string;
  readonly panel: () => HTMLElement;
}

/** The tabs under the name `label`, the first one open; `open` shows another one and moves the keyboard there. */
export function tabs(label: string, items: readonly Tab[]): { readonly root: HTMLElement; readonly open: (id: string) => void } {
  const buttons = items.map(({ id, label: words }) =>
    element('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `panel-${id}`, 'aria-selected': 'false', tabindex: '-1' }, words),
  );
  const panels = items.map(({ id }) =>
    element('div', { role: 'tabpanel', id: `panel-${id}`, class: 'panel', 'aria-labelledby': `tab-${id}`, tabindex: '0', hidden: '' }),
  );
  const list = element('div', { role: 'tablist', class: 'tabs', 'aria-label': label }, ...buttons);
  buttons.forEach((button, at) => button.addEventListener('click', () => select(at)));
  list.addEventListener('keydown', (event) => {
    // With another key these are the browser's: Alt and an arrow go back in its history.
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    const at = buttons.findIndex((button) => button === document.activeElement);
    const next = neighbour(event.key, at, buttons.length, document.documentElement.dir === 'rtl');
    if (next !== null) {
      event.preventDefault();
      select(next);
      buttons[next]?.focus();
    }
  });
  select(0);
  return {
    root: element('div', { class: 'tabbed' }, list, ...panels),
    open: (id) => {
      const at = items.findIndex((item) => item.id === id);
      select(at);
      buttons[at]?.focus();
    },
  };

  function select(chosen: number): void {
    buttons.forEach((button, at) => {
      button.setAttribute('aria-selected', String(at === chosen));
      button.tabIndex = at === chosen ? 0 : -1;
    });
    panels.forEach((panel, at) => {
      panel.hidden = at !== chosen;
      const item = items[at];
      if (at === chosen && panel.childElementCount === 0 && item !== undefined) {
        panel.append(item.panel());
      }
    });
  }
}

/** Where a key leads from tab `at` of `count`; null where it leads nowhere. */
export function neighbour(key: string, at: number, count: number, rightToLeft: boolean): number | null {
  const forward = rightToLeft ? 'ArrowLeft' : 'ArrowRight';
  const back = rightToLeft ? 'ArrowRight' : 'ArrowLeft';
  switch (key) {
    case forward:
      return (at + 1) % count;
    case back:
      return (at + count - 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
