/** The catalogue in use, and the one way to put values into its sentences. */
import { en } from './en.ts';

/** A catalogue of another language has the shape of the English one. */
export type Messages = Translated<typeof en>;

type Translated<T> = T extends string ? string : { readonly [K in keyof T]: Translated<T[K]> };

export const messages: Messages = en;

/** Splits `template` at its `{names}` and puts `values` in their places; a name without a value stays as it stands. */
export function fill<T>(template: string, values: Readonly<Record<string, T>>): Array<string | T> {
  return template
    .split(/(\{[a-z]+\})/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('{') ? (values[part.slice(1, -1)] ?? part) : part));
}
