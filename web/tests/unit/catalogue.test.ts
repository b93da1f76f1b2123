import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { faultsOf, LANGUAGES, preferredLanguage, useCatalogue } from '../../src/messages/catalogue.ts';
import { en } from '../../src/messages/en.ts';
import { byId, messages, type Messages } from '../../src/messages/index.ts';

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const folder = path('src/messages/catalogues');
const catalogues = readdirSync(folder).map((name) => [name.replace('.json', ''), JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Messages] as const);

afterEach(() => useCatalogue(en));

test('there is a catalogue for every language that can be chosen, and no other', () => {
  expect(['en', ...catalogues.map(([language]) => language)].sort()).toEqual(Object.keys(LANGUAGES).sort());
});

/** Identifiers and sentences of a real report, as the verifier wrote it. */
const vector = JSON.parse(readFileSync(path('../fixtures/vectors/report/three-books.json'), 'utf8'));
const report = JSON.parse(vector.output.report) as {
  checks: Array<{ id: string }>;
  not_proven: Array<{ id: string }>;
};

describe.each(catalogues)('%s', (language, catalogue) => {
  test('has every sentence and every placeholder, and none that nobody knows', () => {
    expect(faultsOf(catalogue)).toEqual([]);
  });

  test('says every check of a statement and everything that is not proven', () => {
    const checks = new Set([...report.checks.map(({ id }) => id), 'attestation-approved', 'account-expected']);
    expect(Object.keys(catalogue.claims).sort()).toEqual([...checks].sort());
    expect(Object.keys(catalogue.failures).sort()).toEqual([...checks].sort());
    expect(Object.keys(catalogue.notProven).sort()).toEqual(report.not_proven.map(({ id }) => id).sort());
  });

  test('is a translation: hardly any sentence is the English one, and the three verdicts have words of their own', () => {
    const same = sentencesOf(catalogue).filter((sentence) => sentence.length > 20 && sentencesOf(en).includes(sentence));
    expect(same).toEqual(['por verify {file} --policy {policy}']);
    const { included } = catalogue;
    const words = [included.verified, included.not_verified, included.cannot_tell, included.broken, included.waiting].map(({ word }) => word);
    expect(new Set(words).size).toBe(words.length);
  });

  test('has a tag and a direction that browsers know', () => {
    expect(new Intl.Locale(catalogue.tag).language).toBe(language);
    expect(catalogue.direction).toBe(language === 'ar' ? 'rtl' : 'ltr');
    // Figures are compared with those of an account page, digit by digit.
    expect(new Intl.NumberFormat(catalogue.tag).format(12n)).toBe('12');
  });

  test('names files and commands as they are', () => {
    for (const name of ['.por', 'reserves.jsonl', 'por audit', 'SHA-256', 'policy.txt', 'report.json']) {
      expect(sentencesOf(catalogue).some((sentence) => sentence.includes(name)), name).toBe(true);
    }
  });
});

test('every check of a failure in the vectors has a sentence that says what it means', () => {
  const vectors = path('../fixtures/vectors/statement');
  const failed = readdirSync(vectors)
    .map((name) => JSON.parse(readFileSync(`${vectors}/${name}`, 'utf8')).output?.check as string | undefined)
    .filter((id) => id !== undefined && id !== '');
  for (const id of failed) {
    expect(Object.keys(en.failures), id).toContain(id);
  }
});

test('a catalogue that is not whole changes nothing', () => {
  const [, spanish] = catalogues.find(([language]) => language === 'es') ?? expect.unreachable();
  const broken: Array<[string, unknown]> = [
    ['nothing', null],
    ['no object', []],
    ['a sentence less', { ...spanish, page: { ...spanish.page, title: undefined } }],
    ['an empty sentence', { ...spanish, page: { ...spanish.page, title: ' ' } }],
    ['a part more', { ...spanish, markup: 'x' }],
    ['a placeholder less', { ...spanish, included: { ...spanish.included, reason: 'Motivo' } }],
    ['a placeholder more', { ...spanish, page: { ...spanish.page, title: '{detail}' } }],
    ['a placeholder in a claim', { ...spanish, claims: { covered: '{x}' } }],
  ];
  for (const [what, catalogue] of broken) {
    expect(() => useCatalogue(catalogue), what).toThrow(RangeError);
    expect(messages.page.title, what).toBe(en.page.title);
  }
});

test('another language is put in place of every sentence, and English after it leaves nothing behind', () => {
  const verdict = messages.included;
  for (const [, catalogue] of catalogues) {
    useCatalogue(catalogue);
    expect(messages).toEqual(catalogue);
    // Parts of the page hold parts of the catalogue.
    expect(verdict.verified.word).toBe(catalogue.included.verified.word);
    expect(byId(messages.claims, 'covered', 'own')).toBe(catalogue.claims['covered']);
  }
  useCatalogue(en);
  expect(messages).toEqual(en);
  expect(byId(messages.claims, 'covered', 'own')).toBe('own');
  expect(byId(messages.claims, 'constructor', 'own')).toBe('own');
});

test('the language is the first of the list that there is', () => {
  expect(preferredLanguage(['fr-FR', 'es-MX', 'en'])).toBe('es');
  expect(preferredLanguage(['zh-Hant-TW'])).toBe('zh');
  expect(preferredLanguage(['en-US', 'de'])).toBe('en');
  expect(preferredLanguage(['constructor', ''])).toBe('en');
  expect(preferredLanguage([])).toBe('en');
});

function sentencesOf(part: unknown): string[] {
  return typeof part === 'string' ? [part] : Object.values(part as object).flatMap(sentencesOf);
}
