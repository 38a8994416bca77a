import { Link, Outlet } from '@tanstack/react-router';
import { type ReactNode, useId } from 'react';
import { useTranslations } from 'use-intl';
import { chooseLanguage, currentLanguage, languages } from '../i18n/language.ts';
import styles from './layout.module.css';
import { chooseCustomer, chooseTheme, customers, themes, useCustomer, useTheme } from './settings.ts';

const names = { ko: '한국어', en: 'English' } as const;

/**
 * The frame of every page.
 * @param navigation links to the pages of this part
 * @param wide for pages that need the whole width
 */
export function Layout({
  navigation,
  settings,
  wide = false,
}: {
  navigation: ReactNode;
  settings: ReactNode;
  wide?: boolean;
}) {
  const t = useTranslations('common');
  return (
    <>
      <a className={styles.skip} href="#content">
        {t('skip')}
      </a>
      <header className={styles.header}>
        <div className={styles.bar} data-wide={wide || undefined}>
          <Link to="/" className={styles.brand}>
            <img src="/icon.svg" width="28" height="28" alt="" />
            {t('name')}
          </Link>
          <nav className={styles.navigation} aria-label={t('navigation.main')}>
            {navigation}
          </nav>
          <div className={styles.settings}>
            {settings}
            <LanguageChoice />
            <ThemeChoice />
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1} className={styles.main} data-wide={wide || undefined}>
        <Outlet />
      </main>
    </>
  );
}

/** A choice from a few words that is heard, but needs no room for its label. */
function Choice<T extends string | number>({
  label,
  value,
  options,
  onChoose,
}: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChoose(value: T): void;
}) {
  const id = useId();
  return (
    <select
      id={id}
      aria-label={label}
      value={value}
      onChange={({ target }) => {
        const chosen = options[target.selectedIndex];
        if (chosen) onChoose(chosen[0]);
      }}
    >
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  );
}

/** Who orders in this browser. */
export function CustomerChoice() {
  const t = useTranslations('common');
  const options = customers.map(id => [id, t('customer', { id: String(id) })] as const);
  return (
    <Choice
      label={t('settings.customer')}
      value={useCustomer()}
      options={options}
      onChoose={chooseCustomer}
    />
  );
}

function LanguageChoice() {
  const t = useTranslations('common.settings');
  const options = languages.map(language => [language, names[language]] as const);
  return (
    <Choice label={t('language')} value={currentLanguage()} options={options} onChoose={chooseLanguage} />
  );
}

function ThemeChoice() {
  const t = useTranslations('common.settings');
  const options = themes.map(theme => [theme, t(theme)] as const);
  return <Choice label={t('theme')} value={useTheme()} options={options} onChoose={chooseTheme} />;
}
