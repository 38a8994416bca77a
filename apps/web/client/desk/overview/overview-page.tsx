import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Bar, BarChart, ResponsiveContainer, XAxis, YAxis } from 'recharts';
import { useFormatter, useTranslations } from 'use-intl';
import { answer, deskApi } from '../../api/client.ts';
import { askText } from '../../api/raw.ts';
import { ErrorState, Mark, Skeleton } from '../../ui/state.tsx';
import { readOrderExceptions, readRefundExceptions } from '../exceptions/exceptions.ts';
import { List } from '../operations/list.tsx';
import { Nothing, Page, Panel } from '../operations/page.tsx';
import { serviceNames } from '../operations/services.ts';
import { useServiceName } from '../operations/words.tsx';
import { openLetters, readFigures } from './metrics.ts';
import styles from './overview.module.css';

const REFRESH_MS = 5_000;
const LOW_STOCK = 10;

/** How the whole system gets on; what needs a person comes first. */
export function OverviewPage() {
  const t = useTranslations('operations.overview');
  const common = useTranslations('common');
  const format = useFormatter();
  const serviceName = useServiceName();
  const services = useQuery({
    queryKey: ['services'],
    refetchInterval: REFRESH_MS,
    queryFn: ({ signal }) =>
      Promise.all(
        serviceNames.map(async name => {
          const [isReady, figures] = await Promise.all([
            askText(`/desk/api/${name}/actuator/health/readiness`, signal).then(
              () => true,
              () => false,
            ),
            askText(`/desk/api/${name}/metrics`, signal).then(readFigures, () => undefined),
          ]);
          return { name, isReady, figures };
        }),
      ),
  });
  const audit = useQuery({
    queryKey: ['audit'],
    refetchInterval: REFRESH_MS,
    queryFn: ({ signal }) => answer(deskApi.customercenter.GET('/audit', { signal })),
  });
  const orders = useQuery({
    queryKey: ['orders', 'exceptions'],
    refetchInterval: REFRESH_MS,
    queryFn: ({ signal }) => readOrderExceptions(signal),
  });
  const refunds = useQuery({
    queryKey: ['pays', 'exceptions'],
    refetchInterval: REFRESH_MS,
    queryFn: ({ signal }) => readRefundExceptions(signal),
  });
  const figures = useQuery({
    queryKey: ['myPages', 'figures'],
    refetchInterval: REFRESH_MS,
    queryFn: ({ signal }) =>
      answer(deskApi.customercenter.GET('/myPages/figures', { params: { query: { minutes: 60 } }, signal })),
  });
  const low = useQuery({
    queryKey: ['products', 'low'],
    refetchInterval: REFRESH_MS,
    queryFn: async ({ signal }) =>
      (
        await answer(
          deskApi.product.GET('/products/search/find', {
            params: { query: { availableBelow: LOW_STOCK } },
            signal,
          }),
        )
      )._embedded.products,
  });

  const letters = (services.data ?? []).reduce((sum, { figures: it }) => sum + (it ? openLetters(it) : 0), 0);
  const tasks = [
    { to: '/desk/audit', count: audit.data?.total ?? 0, text: 'differences' },
    { to: '/desk/audit', count: audit.data?.standing ?? 0, text: 'standing' },
    { to: '/desk/dead-letters', count: letters, text: 'deadLetters' },
    {
      to: '/desk/exceptions',
      count: (orders.data?.length ?? 0) + (refunds.data?.length ?? 0),
      text: 'exceptions',
    },
    { to: '/desk/products', count: low.data?.length ?? 0, text: 'lowStock' },
  ] as const;
  const open = tasks.filter(({ count }) => count > 0);
  const needed = [services, audit, orders, refunds, low];
  const failed = needed.find(({ error }) => error !== null);
  const minutes = figures.data?.minutes ?? [];
  const time = (at: string) => format.dateTime(new Date(at), { hour: 'numeric', minute: '2-digit' });

  return (
    <Page title={t('title')}>
      <Panel title={t('tasks')}>
        {failed ? (
          <ErrorState error={failed.error} onRetry={() => needed.forEach(query => void query.refetch())} />
        ) : needed.some(({ isPending }) => isPending) ? (
          <Skeleton height="3rem" />
        ) : open.length === 0 ? (
          <Nothing>{t('nothing')}</Nothing>
        ) : (
          <ul className={styles.tasks}>
            {open.map(({ to, count, text }) => (
              <li key={text}>
                <Link to={to}>{t(text, { count })}</Link>
              </li>
            ))}
          </ul>
        )}
      </Panel>
      <Panel title={t('perMinute')}>
        {figures.error ? (
          <ErrorState error={figures.error} onRetry={() => void figures.refetch()} />
        ) : (
          <>
            <div className={styles.chart} aria-hidden="true">
              <ResponsiveContainer>
                <BarChart data={minutes} accessibilityLayer={false}>
                  <XAxis
                    dataKey="at"
                    tickFormatter={time}
                    stroke="var(--ink-soft)"
                    fontSize={12}
                    minTickGap={40}
                  />
                  <YAxis allowDecimals={false} width={32} stroke="var(--ink-soft)" fontSize={12} />
                  <Bar dataKey="ordered" fill="var(--accent)" isAnimationActive={false} />
                </BarChart>
              </ResponsiveContainer>
            </div>
            <p>{t('ordered', { count: minutes.reduce((sum, { ordered }) => sum + ordered, 0) })}</p>
            <details>
              <summary>{t('table')}</summary>
              <List
                caption={t('perMinute')}
                rows={minutes.filter(
                  ({ ordered, canceled, completed }) => ordered + canceled + completed > 0,
                )}
                rowId={({ at }) => at}
                columns={[
                  { id: 'at', title: t('minute'), cell: ({ at }) => time(at) },
                  { id: 'o', title: common('status.ordered'), numeric: true, cell: it => it.ordered },
                  { id: 'c', title: common('status.orderCanceled'), numeric: true, cell: it => it.canceled },
                  {
                    id: 'd',
                    title: common('status.deliverycompleted'),
                    numeric: true,
                    cell: it => it.completed,
                  },
                ]}
              />
            </details>
          </>
        )}
      </Panel>
      {figures.data && (
        <Panel title={t('open')}>
          <dl className={styles.standing}>
            {(['ordered', 'deliveryPrepared', 'deliverystarted'] as const).map(status => (
              <div key={status}>
                <dt>{common(`status.${status}`)}</dt>
                <dd>{format.number(figures.data.open[status])}</dd>
              </div>
            ))}
          </dl>
        </Panel>
      )}
      <Panel title={t('services')}>
        <List
          caption={t('services')}
          rows={services.data}
          rowId={({ name }) => name}
          columns={[
            { id: 'name', title: t('service'), cell: ({ name }) => serviceName(name) },
            {
              id: 'health',
              title: t('health'),
              cell: ({ isReady }) => (
                <Mark tone={isReady ? 'good' : 'bad'}>{isReady ? t('up') : t('down')}</Mark>
              ),
            },
            { id: 'lag', title: t('lag'), numeric: true, cell: it => it.figures?.lag ?? '–' },
            { id: 'outbox', title: t('outbox'), numeric: true, cell: it => it.figures?.outbox ?? '–' },
            {
              id: 'dead',
              title: t('letters'),
              numeric: true,
              cell: it => (it.figures ? openLetters(it.figures) : '–'),
            },
          ]}
        />
      </Panel>
    </Page>
  );
}
