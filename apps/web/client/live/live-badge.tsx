import { useTranslations } from 'use-intl';
import styles from './live-badge.module.css';
import type { LiveState } from './stream.ts';

/** Says how what is shown is kept current. */
export function LiveBadge({ state }: { state: LiveState }) {
  const t = useTranslations('common.live');
  return (
    <span className={styles.badge} data-state={state} role="status">
      {t(state)}
    </span>
  );
}
