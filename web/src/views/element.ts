/** Builds elements. Children are nodes or text: nothing in this page ever turns a string into markup (W-01). */

export type Child = Node | string | null;

/** Makes a `tag` element with attributes (no event handlers, no inline style) and children; `null` is left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A list of sentences. */
export function sentences(tag: 'ul' | 'ol', items: ReadonlyArray<string | readonly Child[]>): HTMLElement {
  return element(tag, {}, ...items.map((item) => element('li', {}, ...(typeof item === 'string' ? [item] : item))));
}

/** A section named by its heading. */
export function section(id: string, title: string, ...children: readonly Child[]): HTMLElement {
  return element(
    'section',
    { id, class: `card ${id}`, 'aria-labelledby': `${id}-title` },
    element('h2', { id: `${id}-title` }, title),
    ...children,
  );
}

/** One pair of a `<dl>`; the pair's `<div>` keeps term and value together when lines wrap. */
export function pair(term: Child, ...value: readonly Child[]): HTMLElement {
  return element('div', { class: 'pair' }, element('dt', {}, term), element('dd', {}, ...value));
}
