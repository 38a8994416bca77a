import { useServiceName } from '../../operations/words.tsx';
import { Fields } from './fields.tsx';
import styles from './story.module.css';
import type { Row } from './story.ts';

/** What each service keeps of the order now. */
export function Rows({ rows }: { rows: Row[] }) {
  const serviceName = useServiceName();
  return (
    <ul className={styles.rows}>
      {rows.map(({ service, table, row }) => (
        <li key={`${service} ${table} ${row.id ?? row.payment_key ?? row.paymentKey ?? ''}`}>
          <details>
            <summary>
              <span className={styles.lane} data-service={service}>
                {serviceName(service)}
              </span>{' '}
              <span className={styles.table}>{table}</span>
            </summary>
            <Fields fields={row} />
          </details>
        </li>
      ))}
    </ul>
  );
}
