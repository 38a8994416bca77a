import type { ReactNode } from 'react';
import { Cell, Column, Row, Table, TableBody, TableHeader } from 'react-aria-components/Table';
import { useTranslations } from 'use-intl';
import { Button } from './button.tsx';
import { ErrorState, Skeleton } from './state.tsx';
import styles from './table.module.css';

export interface ColumnOf<T> {
  id: string;
  title: string;
  /** Numbers stand under each other, at the end. */
  isNumber?: boolean;
  show(row: T): ReactNode;
}

/** What a table shows, as TanStack Query has it. */
export interface TableQuery<T> {
  rows: readonly T[] | undefined;
  error: unknown;
  hasMore: boolean;
  isFetchingMore: boolean;
  more(): void;
  retry(): void;
}

const WAITING_ROWS = Array.from({ length: 6 }, (_, i) => `waiting ${i}`);

/**
 * Rows of things, the first column of which names them. Moves by arrows; Enter opens a row that leads somewhere.
 * @param hrefOf where a row leads
 * @param empty what stands where there are none
 */
export function DataTable<T extends { id: number | string }>({
  label,
  columns,
  query,
  hrefOf,
  empty,
}: {
  label: string;
  columns: readonly ColumnOf<T>[];
  query: TableQuery<T>;
  hrefOf?: (row: T) => string;
  empty: ReactNode;
}) {
  const t = useTranslations('common');
  const { rows } = query;
  if (!rows && query.error) return <ErrorState error={query.error} onRetry={query.retry} />;
  if (rows?.length === 0) return empty;
  return (
    <>
      <div className={styles.scroll}>
        <Table aria-label={label} aria-busy={!rows} className={styles.table ?? ''}>
          <TableHeader>
            {columns.map(({ id, title, isNumber }, i) => (
              <Column key={id} id={id} isRowHeader={i === 0} data-number={isNumber || undefined}>
                {title}
              </Column>
            ))}
          </TableHeader>
          <TableBody>
            {rows
              ? rows.map(row => (
                  <Row
                    key={row.id}
                    id={row.id}
                    className={styles.row ?? ''}
                    {...(hrefOf && { href: hrefOf(row) })}
                  >
                    {columns.map(({ id, isNumber, show }) => (
                      <Cell key={id} data-number={isNumber || undefined}>
                        {show(row)}
                      </Cell>
                    ))}
                  </Row>
                ))
              : WAITING_ROWS.map(id => (
                  <Row key={id} id={id}>
                    {columns.map(column => (
                      <Cell key={column.id}>
                        <Skeleton />
                      </Cell>
                    ))}
                  </Row>
                ))}
          </TableBody>
        </Table>
      </div>
      {query.hasMore && (
        <div className={styles.more}>
          <Button isPending={query.isFetchingMore} onPress={query.more}>
            {t('more')}
          </Button>
        </div>
      )}
    </>
  );
}
