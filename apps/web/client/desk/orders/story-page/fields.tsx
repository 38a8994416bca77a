import styles from './story.module.css';

/** The fields of an event or a row, as they are kept. */
export function Fields({ fields }: { fields: Record<string, unknown> }) {
  return (
    <dl className={styles.fields}>
      {Object.entries(fields).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
