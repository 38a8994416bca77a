import { type ReactNode, useId } from 'react';
import styles from './filter.module.css';

/** What narrows a list, with its name above it. */
export function Filter({ label, children }: { label: string; children(id: string): ReactNode }) {
  const id = useId();
  return (
    <div className={styles.filter}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}

/** A number to narrow a list by, told when it is left or with Enter. */
export function NumberFilter({
  label,
  value,
  onChange,
}: {
  label: string;
  value: number | undefined;
  onChange(value: number | undefined): void;
}) {
  return (
    <Filter label={label}>
      {id => (
        <input
          // What else changes the filters changes what stands here.
          key={value}
          id={id}
          inputMode="numeric"
          defaultValue={value ?? ''}
          onBlur={({ target }) => onChange(/^\d+$/.test(target.value) ? Number(target.value) : undefined)}
          onKeyDown={({ key, currentTarget }) => key === 'Enter' && currentTarget.blur()}
        />
      )}
    </Filter>
  );
}
