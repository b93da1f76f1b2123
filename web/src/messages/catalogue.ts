/**
 * Other languages: their names, reading a catalogue, and writing it over the one in use.
 *
 * A catalogue is data that the build made and the browser compared with its digest. It is read strictly all the same:
 * one that lacks a sentence or a placeholder would leave a hole in a verdict, so it is refused as a whole.
 */
import { en } from './en.ts';
import { messages } from './index.ts';

/** Every language by its own name, in the order of the selector. */
export const LANGUAGES = {
  en: 'English',
  zh: '简体中文',
  es: 'Español',
  tr: 'Türkçe',
  vi: 'Tiếng Việt',
  ru: 'Русский',
  ar: 'العربية',
  ja: '日本語',
  ko: '한국어',
} as const;

export type Language = keyof typeof LANGUAGES;

/** Parts whose keys are identifiers of reports: a catalogue may know more of them than English, or none. */
const BY_ID = ['claims', 'notProven'];

export function isLanguage(text: string): text is Language {
  return Object.hasOwn(LANGUAGES, text);
}

/** The first language of `preferred` (BCP 47 tags, as a browser lists them) that there is; English without one. */
export function preferredLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const [base = ''] = tag.toLowerCase().split('-');
    if (isLanguage(base)) {
      return base;
    }
  }
  return 'en';
}

/** What is wrong with a catalogue: paths of missing, unknown and incomplete sentences; nothing for a good one. */
export function faultsOf(catalogue: unknown, model: unknown = en, path = ''): string[] {
  if (typeof model === 'string') {
    if (typeof catalogue !== 'string' || catalogue.trim() === '') {
      return [`${path} is no sentence`];
    }
    const [expected, found] = [placeholders(model), placeholders(catalogue)];
    return expected === found ? [] : [`${path} has the placeholders ${found}, not ${expected}`];
  }
  if (!isObject(model) || !isObject(catalogue) || Array.isArray(model) !== Array.isArray(catalogue)) {
    return [`${path} is no part of a catalogue`];
  }
  if (BY_ID.includes(path)) {
    return Object.entries(catalogue).flatMap(([id, text]) => faultsOf(text, '', `${path}.${id}`));
  }
  const names = new Set([...Object.keys(model), ...Object.keys(catalogue)]);
  return Array.from(names).flatMap((name) => {
    const inner = path === '' ? name : `${path}.${name}`;
    if (!Object.hasOwn(catalogue, name)) {
      return [`${inner} is missing`];
    }
    return Object.hasOwn(model, name) ? faultsOf(catalogue[name], model[name], inner) : [`${inner} is unknown`];
  });
}

/** Writes `catalogue` over the one in use. Throws a `RangeError`, and changes nothing, where it is not whole. */
export function useCatalogue(catalogue: unknown): void {
  const [fault] = faultsOf(catalogue);
  if (fault !== undefined) {
    throw new RangeError(`catalogue: ${fault}`);
  }
  overwrite(messages, catalogue as Part);
}

interface Part {
  [name: string]: string | Part;
}

function overwrite(target: object, source: Part): void {
  for (const name of BY_ID) {
    if (Object.hasOwn(source, name)) {
      Object.keys(Reflect.get(target, name) as object).forEach((id) => Reflect.deleteProperty(Reflect.get(target, name) as object, id));
    }
  }
  for (const [name, value] of Object.entries(source)) {
    if (typeof value === 'string') {
      Reflect.set(target, name, value);
    } else {
      overwrite(Reflect.get(target, name) as object, value);
    }
  }
}

function placeholders(text: string): string {
  return Array.from(new Set(text.match(/\{[a-z]+\}/g) ?? [])).sort().join(' ');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
