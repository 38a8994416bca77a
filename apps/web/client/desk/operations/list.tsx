import type { ReactNode } from 'react';
import { Skeleton } from '../../ui/state.tsx';
import styles from './list.module.css';

export interface Column<Row> {
  id: string;
  /** Its heading; one of buttons is heard and not seen. */
  title: string;
  cell(row: Row): ReactNode;
  numeric?: boolean;
  hidesTitle?: boolean;
}

/**
 * Rows of a few columns; on narrow screens each row stands as a block with its headings beside the values.
 * @param rows undefined while they are on their way
 */
export function List<Row>({
  caption,
  columns,
  rows,
  rowId,
}: {
  caption: string;
  columns: Column<Row>[];
  rows: Row[] | undefined;
  rowId(row: Row): string | number;
}) {
  return (
    <table className={styles.list} aria-busy={rows === undefined}>
      <caption className={styles.unseen}>{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ id, title, numeric, hidesTitle }) => (
            <th key={id} scope="col" data-numeric={numeric}>
              {hidesTitle ? <span className={styles.unseen}>{title}</span> : title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows === undefined
          ? [0, 1, 2].map(row => (
              <tr key={row}>
                {columns.map(({ id }) => (
                  <td key={id}>
                    <Skeleton width="70%" />
                  </td>
                ))}
              </tr>
            ))
          : rows.map(row => (
              <tr key={rowId(row)}>
                {columns.map(({ id, title, cell, numeric, hidesTitle }) => (
                  <td key={id} data-title={hidesTitle ? undefined : title} data-numeric={numeric}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
      </tbody>
    </table>
  );
}
