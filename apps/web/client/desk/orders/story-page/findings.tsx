import { Link } from '@tanstack/react-router';
import { useTranslations } from 'use-intl';
import { DifferenceKind } from '../../audit/difference-kind.tsx';
import { Since, useServiceName } from '../../operations/words.tsx';
import styles from './story.module.css';
import type { Story } from './story.ts';
import { moneyOf, rowOf } from './sums.ts';

/** What a person should know of the order before reading on; nothing where there is nothing of the kind. */
export function Findings({ story }: { story: Story }) {
  const t = useTranslations('operations.story');
  const serviceName = useServiceName();
  const order = rowOf(story, 'orders');
  const exception = order?.exception_settled === true ? undefined : order?.exception;
  const { failed } = moneyOf(story.rows);
  const { differences, standing, silent } = story;
  if (differences.length + standing.length + silent.length + failed === 0 && !exception) return null;
  return (
    <section className={styles.findings} aria-label={t('findings')}>
      {differences.map(({ kind, detail, since }) => (
        <p key={`${kind} ${detail}`}>
          <DifferenceKind kind={kind} /> <span>{detail}</span> <Since at={since} />
        </p>
      ))}
      {standing.map(({ step, why, since }) => (
        <p key={step}>
          <strong>{t('standing')}</strong>{' '}
          <span>
            {step}
            {why !== null && `: ${why}`}
          </span>{' '}
          <Since at={since} />
        </p>
      ))}
      {typeof exception === 'string' && (
        <p>
          <strong>{t('exception')}</strong> <span>{exception}</span>{' '}
          <Link to="/desk/exceptions">{t('toExceptions')}</Link>
        </p>
      )}
      {failed > 0 && (
        <p>
          <strong>{t('refundFailed')}</strong> <Link to="/desk/exceptions">{t('toExceptions')}</Link>
        </p>
      )}
      {silent.length > 0 && (
        <p>
          <strong>{t('silent')}</strong> <span>{silent.map(serviceName).join(', ')}</span>
        </p>
      )}
    </section>
  );
}
