/** The catalogue in use, and the one way to put values into its sentences. */
import { en } from './en.ts';

/** A catalogue of another language has the shape of the English one. */
export type Messages = Translated<typeof en>;

type Translated<T> = T extends string ? string : { readonly [K in keyof T]: Translated<T[K]> };

/**
 * The catalogue in use. It is one object for as long as the page lives: parts of the page hold parts of it, and another
 * language is written over its sentences (`useCatalogue`).
 */
export const messages: Messages = structuredClone(en);

/** Splits `template` at its `{names}` and puts `values` in their places; a name without a value stays as it stands. */
export function fill<T>(template: string, values: Readonly<Record<string, T>>): Array<string | T> {
  return template
    .split(/(\{[a-z]+\})/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('{') ? (values[part.slice(1, -1)] ?? part) : part));
}

/** As `fill`, for a sentence that is all text. */
export function sentence(template: string, values: Readonly<Record<string, string>>): string {
  return fill(template, values).join('');
}

/** The sentence of the catalogue for an identifier of the report, or the report's own. */
export function byId(sentences: Readonly<Record<string, string>>, id: string, own: string): string {
  return Object.hasOwn(sentences, id) ? (sentences[id] ?? own) : own;
}
