import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { answer, deskApi } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { Time } from '../../ui/format.tsx';
import { ErrorState, useProblemText } from '../../ui/state.tsx';
import { toast } from '../../ui/toast.tsx';
import { List } from '../operations/list.tsx';
import { Nothing, Page, Panel } from '../operations/page.tsx';
import { OrderLink, Since } from '../operations/words.tsx';
import { DifferenceKind } from './difference-kind.tsx';

const REFRESH_MS = 2_000;

/** Whether all services agree, what differs, and which orders stand still. */
export function AuditPage() {
  const t = useTranslations('operations.audit');
  const problem = useProblemText();
  const audit = useQuery({
    queryKey: ['audit'],
    queryFn: ({ signal }) => answer(deskApi.customercenter.GET('/audit', { signal })),
    refetchInterval: REFRESH_MS,
  });
  const sagas = useQuery({
    queryKey: ['audit', 'sagas'],
    queryFn: ({ signal }) => answer(deskApi.customercenter.GET('/audit/sagas', { signal })),
    refetchInterval: REFRESH_MS,
  });
  const begin = useMutation({
    mutationFn: () => answer(deskApi.customercenter.POST('/audit/passes')),
    onError: error => toast(problem(error)),
  });
  const { data } = audit;
  const wanted = begin.data?.pass ?? 0;
  const isUnderWay = wanted > (data?.lastPass.number ?? 0);
  return (
    <Page
      title={t('title')}
      intro={t('intro')}
      actions={
        <Button isPending={begin.isPending || isUnderWay} onPress={() => begin.mutate()}>
          {t('begin')}
        </Button>
      }
    >
      {audit.error && <ErrorState error={audit.error} onRetry={() => void audit.refetch()} />}
      <Panel title={t('lastPass')}>
        {isUnderWay && data && (
          <p role="status">
            {t('underWay', { pass: wanted, orders: data.pass.number >= wanted ? data.pass.orders : 0 })}
          </p>
        )}
        {data?.lastPass.endedAt && (
          <p>
            {t('pass', { pass: data.lastPass.number, orders: data.lastPass.orders })}{' '}
            <Time at={data.lastPass.endedAt} />
          </p>
        )}
        {data?.unreachable && <p role="alert">{t('unreachable', { why: data.unreachable })}</p>}
      </Panel>
      <Panel title={t('differences')}>
        {data?.total === 0 ? (
          <Nothing>{data.status === 'clean' ? t('clean') : t('unknown')}</Nothing>
        ) : (
          <List
            caption={t('differences')}
            rows={data?.differences}
            rowId={({ subject, kind, detail }) => `${subject} ${kind} ${detail}`}
            columns={[
              { id: 'about', title: t('about'), cell: ({ subject }) => <Subject subject={subject} /> },
              { id: 'kind', title: t('kind'), cell: ({ kind }) => <DifferenceKind kind={kind} /> },
              { id: 'detail', title: t('detail'), cell: ({ detail }) => detail },
              { id: 'since', title: t('since'), cell: ({ since }) => <Since at={since} /> },
            ]}
          />
        )}
      </Panel>
      <Panel title={t('sagas')}>
        {sagas.error ? (
          <ErrorState error={sagas.error} onRetry={() => void sagas.refetch()} />
        ) : sagas.data?.sagas.length === 0 ? (
          <Nothing>{t('noSagas')}</Nothing>
        ) : (
          <List
            caption={t('sagas')}
            rows={sagas.data?.sagas}
            rowId={({ orderId, step }) => `${orderId} ${step}`}
            columns={[
              { id: 'about', title: t('about'), cell: ({ orderId }) => <OrderLink id={orderId} /> },
              { id: 'step', title: t('step'), cell: ({ step }) => step },
              { id: 'why', title: t('why'), cell: ({ why }) => why },
              { id: 'since', title: t('since'), cell: ({ since }) => <Since at={since} /> },
            ]}
          />
        )}
      </Panel>
    </Page>
  );
}

function Subject({ subject }: { subject: string }) {
  const id = /^order (\d+)$/.exec(subject)?.[1];
  return id === undefined ? subject : <OrderLink id={id} />;
}
