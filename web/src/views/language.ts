/** The language of the page: chosen from the browser's list, changed here, remembered only where that is asked for. */
import { isLanguage, type Language, LANGUAGES } from '../messages/catalogue.ts';
import { messages } from '../messages/index.ts';
import { element } from './element.ts';

const text = messages.language;

/** `onChoice` tells whether the page now speaks the language. */
export function languageView(
  current: Language,
  remembered: boolean,
  onChoice: (language: Language, remember: boolean) => Promise<boolean>,
): HTMLElement {
  const select = element(
    'select',
    { id: 'language', autocomplete: 'off' },
    ...Object.entries(LANGUAGES).map(([tag, name]) => element('option', { value: tag, lang: tag }, name)),
  );
  select.value = current;
  const remember = element('input', { type: 'checkbox', id: 'language-remember', autocomplete: 'off' });
  remember.checked = remembered;
  const refusal = element('p', { class: 'refusal', role: 'alert' });
  const choose = (): void => {
    const chosen = select.value;
    if (!isLanguage(chosen)) {
      return;
    }
    void onChoice(chosen, remember.checked).then((spoken) => {
      if (!spoken) {
        select.value = current;
        refusal.replaceChildren(text.failed);
      } else if (chosen !== current) {
        // The page was made anew: the keyboard stays where it was.
        document.getElementById('language')?.focus();
      }
    });
  };
  select.addEventListener('change', choose);
  remember.addEventListener('change', choose);
  return element(
    'div',
    { class: 'languages' },
    // In every language the same word stands beside it, for whoever cannot read the rest.
    element('label', { for: 'language' }, text.label, current === 'en' ? null : element('span', { lang: 'en' }, ' · Language')),
    select,
    element('label', { class: 'confirm', for: 'language-remember' }, remember, ' ', text.remember),
    refusal,
  );
}
