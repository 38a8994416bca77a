import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { answer } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Time } from '../../ui/format.tsx';
import { ErrorState, Skeleton } from '../../ui/state.tsx';
import { deskOf } from '../operations/services.ts';
import { useServiceName } from '../operations/words.tsx';
import styles from './dead-letters.module.css';
import type { Letter } from './letters.ts';

/** All that is known of one event: what it says, and where in the program it failed. */
export function LetterDialog({
  letter: { service, id, type },
  onClose,
}: {
  letter: Letter;
  onClose(): void;
}) {
  const t = useTranslations('operations.deadLetters');
  const common = useTranslations('common');
  const serviceName = useServiceName();
  const letter = useQuery({
    queryKey: ['deadLetters', service, id],
    queryFn: ({ signal }) =>
      answer(deskOf(service).GET('/dead-letters/{id}', { params: { path: { id } }, signal })),
  });
  const { data } = letter;
  return (
    <Dialog title={`${serviceName(service)} · ${type}`} isOpen onClose={onClose}>
      {letter.error && <ErrorState error={letter.error} onRetry={() => void letter.refetch()} />}
      {letter.isPending && <Skeleton height="14rem" />}
      {data && (
        <div className={styles.details}>
          <dl className={styles.facts}>
            <dt>{t('state')}</dt>
            <dd>{t(`states.${data.state}`)}</dd>
            <dt>{t('attempts')}</dt>
            <dd>{data.attempts}</dd>
            <dt>{t('failedAt')}</dt>
            <dd>
              <Time at={data.failedAt} />
            </dd>
            {data.nextAttemptAt !== null && (
              <>
                <dt>{t('nextAttempt')}</dt>
                <dd>
                  <Time at={data.nextAttemptAt} />
                </dd>
              </>
            )}
            <dt>{t('eventId')}</dt>
            <dd className={styles.code}>{data.eventId}</dd>
            {data.traceId !== null && (
              <>
                <dt>{t('trace')}</dt>
                <dd className={styles.code}>{data.traceId}</dd>
              </>
            )}
          </dl>
          <h3>{t('reason')}</h3>
          <p>{data.reason ?? common('none')}</p>
          <h3>{t('payload')}</h3>
          <pre className={styles.text}>{pretty(data.payload)}</pre>
          {data._embedded.successors.length > 0 && (
            <>
              <h3>{t('behind')}</h3>
              <ol className={styles.successors}>
                {data._embedded.successors.map(it => (
                  <li key={it.id}>
                    <strong>{it.type}</strong> <Time at={it.failedAt} />
                  </li>
                ))}
              </ol>
            </>
          )}
          {data.stack !== null && (
            <details>
              <summary>{t('stack')}</summary>
              <pre className={styles.text}>{data.stack}</pre>
            </details>
          )}
        </div>
      )}
      <Button onPress={onClose}>{common('close')}</Button>
    </Dialog>
  );
}

/** JSON with its fields below each other; what is none stands as it is. */
function pretty(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}
