import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { ApiProblem } from '../api/problem.ts';
import { Button } from './button.tsx';
import styles from './state.module.css';

const tones = {
  ordered: 'wait',
  deliveryPrepared: 'wait',
  deliverystarted: 'move',
  deliverycompleted: 'good',
  orderCanceled: 'bad',
  approved: 'good',
  canceled: 'bad',
  declined: 'bad',
  deliveryRequested: 'wait',
  deliveryCanceled: 'bad',
} as const;

/** A status of an order, a payment or a delivery. */
export type Status = keyof typeof tones;

/** A word in a tone; the tone is never the only sign. */
export function Mark({ tone, children }: { tone: 'wait' | 'move' | 'good' | 'bad'; children: string }) {
  return <span className={`${styles.badge} ${styles[tone]}`}>{children}</span>;
}

export function StatusBadge({ status }: { status: Status }) {
  const t = useTranslations('common.status');
  return <Mark tone={tones[status]}>{t(status)}</Mark>;
}

/** Stands where something is still on its way. Sizes are CSS lengths. */
export function Skeleton({
  width = '100%',
  height = '1em',
  square = false,
}: {
  width?: string;
  height?: string;
  square?: boolean;
}) {
  const style = square ? { width, aspectRatio: '1' } : { width, height };
  return <span aria-hidden="true" className={styles.skeleton} style={style} />;
}

/** Stands where there is nothing yet, and says what can be done. */
export function EmptyState({
  title,
  text,
  children,
}: {
  title: string;
  text?: string;
  children?: ReactNode;
}) {
  return (
    <div className={styles.box}>
      <h2>{title}</h2>
      {text !== undefined && <p>{text}</p>}
      {children}
    </div>
  );
}

/** What a person is told of an error. */
export function useProblemText(): (error: unknown) => string {
  const t = useTranslations('problems');
  return error => t(error instanceof ApiProblem ? error.reason : 'internal-error');
}

/** Stands where something could not be had. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry(): void }) {
  const t = useTranslations('common');
  const text = useProblemText();
  return (
    <div className={styles.box} role="alert">
      <h2>{text(error)}</h2>
      <Button onPress={onRetry}>{t('retry')}</Button>
    </div>
  );
}
