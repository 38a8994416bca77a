import { store, stored } from '../app/stored.ts';

export const languages = ['ko', 'en'] as const;
export type Language = (typeof languages)[number];
const LANGUAGE = 'jumun.language';

/** The one that was chosen, else the first that the browser asks for, else Korean. */
export function currentLanguage(): Language {
  const wanted = [stored(LANGUAGE, ''), ...navigator.languages].map(tag => tag.slice(0, 2));
  return wanted.find((tag): tag is Language => languages.includes(tag as Language)) ?? 'ko';
}

/** Shows everything in another language from now on. */
export function chooseLanguage(language: Language): void {
  store(LANGUAGE, language);
  location.reload();
}
