/** Builds drawings, as `element.ts` builds the page: attributes and text, never markup. */

const SVG = 'http://www.w3.org/2000/svg';

/** A `tag` of SVG with attributes and children. */
export function shape<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: ReadonlyArray<Node | string>
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}
