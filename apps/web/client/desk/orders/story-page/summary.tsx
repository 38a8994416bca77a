import { useTranslations } from 'use-intl';
import { Money, Time } from '../../../ui/format.tsx';
import { type Status, StatusBadge } from '../../../ui/state.tsx';
import styles from './story.module.css';
import type { Story } from './story.ts';
import { moneyOf, rowOf } from './sums.ts';

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
const holds = ['none', 'reserved', 'expired', 'taken', 'short', 'released'] as const;

/** What was ordered, where its money is, what stock did for it, and its delivery. */
export function Summary({ story }: { story: Story }) {
  const t = useTranslations('operations.story');
  const common = useTranslations('common');
  const order = rowOf(story, 'orders');
  const stock = rowOf(story, 'stock_line');
  const delivery = rowOf(story, 'delivery');
  const money = moneyOf(story.rows);
  const hold = holds.find(name => name === stock?.hold);
  const carrier = [text(delivery?.carrier), text(delivery?.tracking_number)].filter(Boolean).join(' ');
  const moment = text(delivery?.completed_at) ?? text(delivery?.started_at) ?? text(delivery?.created_at);
  return (
    <div className={styles.summary}>
      <section className={styles.fact}>
        <h2>{t('order')}</h2>
        {order ? (
          <>
            <p className={styles.main}>{text(order.item) ?? String(order.itemcd)}</p>
            <p>
              {common('pieces', { count: Number(order.order_qty) })} · <Money amount={Number(order.price)} />
            </p>
            <p>
              <StatusBadge status={order.status as Status} />
              {order.customer_id !== null && <> {common('customer', { id: String(order.customer_id) })}</>}
            </p>
            {text(order.reason) && <p className={styles.soft}>{text(order.reason)}</p>}
          </>
        ) : (
          <p className={styles.soft}>{t('noOrder')}</p>
        )}
      </section>
      <section className={styles.fact}>
        <h2>{t('money')}</h2>
        <dl className={styles.sums}>
          <dt>{t('captured')}</dt>
          <dd>
            <Money amount={money.captured} />
          </dd>
          <dt>{t('refunded')}</dt>
          <dd>
            <Money amount={money.refunded && -money.refunded} />
          </dd>
          <dt className={styles.balance}>{t('held')}</dt>
          <dd className={styles.balance}>
            <Money amount={money.held} />
          </dd>
          {(['due', 'failed', 'byHand'] as const)
            .filter(part => money[part] > 0)
            .map(part => (
              <div key={part} className={styles.part}>
                <dt>{t(part)}</dt>
                <dd>
                  <Money amount={money[part]} />
                </dd>
              </div>
            ))}
        </dl>
      </section>
      <section className={styles.fact}>
        <h2>{t('stock')}</h2>
        {stock ? (
          <>
            <p className={styles.main}>{hold ? t(`holds.${hold}`) : String(stock.hold)}</p>
            <p className={styles.soft}>{common('pieces', { count: Number(stock.order_qty) })}</p>
          </>
        ) : (
          <p className={styles.soft}>{t('noStock')}</p>
        )}
      </section>
      <section className={styles.fact}>
        <h2>{t('delivery')}</h2>
        {delivery && typeof delivery.status === 'string' && delivery.id !== null ? (
          <>
            <p>
              <StatusBadge status={delivery.status as Status} />
            </p>
            {moment && (
              <p className={styles.soft}>
                <Time at={moment} />
              </p>
            )}
            {carrier !== '' && <p>{carrier}</p>}
            {text(delivery.address) && <p className={styles.soft}>{text(delivery.address)}</p>}
          </>
        ) : (
          <p className={styles.soft}>{t('noDelivery')}</p>
        )}
      </section>
    </div>
  );
}
