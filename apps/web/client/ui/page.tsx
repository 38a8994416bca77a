import type { ReactNode } from 'react';
import { usePageTitle } from '../app/title.ts';
import styles from './page.module.css';

/** The head of a page: what it is, and what can be done on it. */
export function PageHead({
  title,
  beside,
  children,
}: {
  title: string;
  /** Stands beside the title. */
  beside?: ReactNode;
  children?: ReactNode;
}) {
  usePageTitle(title);
  return (
    <div className={styles.head}>
      <div className={styles.title}>
        <h1>{title}</h1>
        {beside}
      </div>
      {children !== undefined && <div className={styles.actions}>{children}</div>}
    </div>
  );
}
