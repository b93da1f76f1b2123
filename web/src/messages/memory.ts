/** The language that a visitor asked this device to remember: the only thing the page ever stores, and only then. */
import { isLanguage, type Language } from './catalogue.ts';

const KEY = 'por-language';

/** The remembered language; null where none was, or where the browser keeps nothing. */
export function rememberedLanguage(): Language | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept !== null && isLanguage(kept) ? kept : null;
  } catch {
    return null;
  }
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // A browser that keeps nothing: the next visit asks again.
  }
}

export function forgetLanguage(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}
