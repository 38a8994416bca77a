import type { OrderStatus } from '@jumun/contracts';
import styles from './progress.module.css';

const STEPS: readonly OrderStatus[] = ['ordered', 'deliveryPrepared', 'deliverystarted', 'deliverycompleted'];

/** How far an order has come; beside its status, which says it in words. */
export function Progress({ status }: { status: OrderStatus }) {
  const reached = STEPS.indexOf(status);
  return (
    <span
      className={styles.progress}
      data-canceled={status === 'orderCanceled' || undefined}
      aria-hidden="true"
    >
      {STEPS.map((step, i) => (
        <span key={step} data-reached={i <= reached || undefined} />
      ))}
    </span>
  );
}
