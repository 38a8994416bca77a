import type { Messages } from './ko/index.ts';
import type { Language } from './language.ts';

declare module 'use-intl' {
  interface AppConfig {
    Messages: Messages;
  }
}

const catalogues: Record<Language, () => Promise<{ messages: Messages }>> = {
  ko: () => import('./ko/index.ts'),
  en: () => import('./en/index.ts'),
};

/** All texts in one language. */
export async function loadMessages(language: Language): Promise<Messages> {
  return (await catalogues[language]()).messages;
}
