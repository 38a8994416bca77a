import { useEffect } from 'react';
import { useTranslations } from 'use-intl';

/** Names the page in the window's title. */
export function usePageTitle(title: string): void {
  const name = useTranslations('common')('name');
  useEffect(() => {
    document.title = `${title} · ${name}`;
  }, [title, name]);
}
