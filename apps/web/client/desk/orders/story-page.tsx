import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslations } from 'use-intl';
import { answer, deskApi } from '../../api/client.ts';
import { useLive } from '../../live/live.tsx';
import { LiveBadge } from '../../live/live-badge.tsx';
import { ErrorState, Skeleton } from '../../ui/state.tsx';
import { Page, Panel } from '../operations/page.tsx';
import { CancelOrder } from './story-page/cancel-order.tsx';
import { Findings } from './story-page/findings.tsx';
import { Rows } from './story-page/rows.tsx';
import { timelineOf } from './story-page/story.ts';
import { Summary } from './story-page/summary.tsx';
import { Timeline } from './story-page/timeline.tsx';

/** What happened to one order in all services, and what they keep of it now. */
export function StoryPage() {
  const t = useTranslations('operations.story');
  const common = useTranslations('common');
  const { id } = useParams({ strict: false });
  const orderId = Number(id);
  const live = useLive({ follow: ['stories'] });
  const story = useQuery({
    queryKey: ['stories', orderId],
    queryFn: ({ signal }) =>
      answer(deskApi.customercenter.GET('/audit/orders/{id}', { params: { path: { id: orderId } }, signal })),
    refetchInterval: live.refetchInterval,
  });
  const { data } = story;

  return (
    <Page
      title={common('order', { id: id ?? '' })}
      intro={t('intro')}
      actions={
        <>
          <LiveBadge state={live.state} />
          {data && <CancelOrder story={data} />}
        </>
      }
    >
      {story.error && <ErrorState error={story.error} onRetry={() => void story.refetch()} />}
      {story.isPending && <Loading />}
      {data && (
        <>
          <Findings story={data} />
          <Summary story={data} />
          <Panel title={t('timeline')}>
            <Timeline entries={timelineOf(data.happened)} />
          </Panel>
          <Panel title={t('rows')} aside={t('rowsText')}>
            <Rows rows={data.rows} />
          </Panel>
        </>
      )}
    </Page>
  );
}

function Loading() {
  return (
    <>
      <Skeleton height="9rem" />
      <Skeleton height="32rem" />
    </>
  );
}
