import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { answer } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorState, Mark, useProblemText } from '../../ui/state.tsx';
import { toast } from '../../ui/toast.tsx';
import { Choice } from '../operations/choice.tsx';
import { Confirm } from '../operations/confirm.tsx';
import listStyles from '../operations/list.module.css';
import { type Column, List } from '../operations/list.tsx';
import { Nothing, Page, Panel } from '../operations/page.tsx';
import { deskOf } from '../operations/services.ts';
import { OrderLink, Since, useServiceName } from '../operations/words.tsx';
import styles from './dead-letters.module.css';
import { DiscardDialog } from './discard-dialog.tsx';
import { LetterDialog } from './letter-dialog.tsx';
import { type Group, groupLetters, orderOf, readLetters } from './letters.ts';

const REFRESH_MS = 3_000;
const tones = { parked: 'bad', retrying: 'move', waiting: 'wait', discarded: 'wait' } as const;

/** Events that services could not handle: what became of them, and what a person decides about them. */
export function DeadLettersPage() {
  const t = useTranslations('operations.deadLetters');
  const serviceName = useServiceName();
  const problem = useProblemText();
  const queries = useQueryClient();
  const [shown, setShown] = useState<'open' | 'discarded'>('open');
  const [looked, setLooked] = useState<Group>();
  const [given, setGiven] = useState<Group>();
  const [asksAll, setAsksAll] = useState(false);

  const letters = useQuery({
    queryKey: ['deadLetters', shown],
    queryFn: ({ signal }) => readLetters(shown === 'open' ? undefined : 'discarded', signal),
    refetchInterval: REFRESH_MS,
  });
  const groups = letters.data && groupLetters(letters.data.letters);
  const parked = (groups ?? []).filter(({ state }) => state === 'parked');
  const refresh = () => queries.invalidateQueries({ queryKey: ['deadLetters'] });

  const replay = useMutation({
    mutationFn: ({ service, id }: Group) =>
      answer(deskOf(service).POST('/dead-letters/{id}/replayed', { params: { path: { id } } })),
    onSuccess: (_, { type }) => toast(t('replayed', { event: type })),
    onError: error => toast(problem(error)),
    onSettled: refresh,
  });
  const replayAll = useMutation({
    mutationFn: () =>
      Promise.all(
        [...new Set(parked.map(({ service }) => service))].map(service =>
          answer(deskOf(service).POST('/dead-letters/replayed')),
        ),
      ),
    onSuccess: answers => {
      setAsksAll(false);
      toast(t('replayedAll', { count: answers.reduce((sum, { replayed }) => sum + replayed.length, 0) }));
    },
    onSettled: refresh,
  });

  const columns: Column<Group>[] = [
    { id: 'service', title: t('service'), cell: ({ service }) => serviceName(service) },
    {
      id: 'event',
      title: t('event'),
      cell: letter => (
        <span className={styles.event}>
          <strong>{letter.type}</strong>
          <span className={styles.reason}>{letter.reason}</span>
        </span>
      ),
    },
    {
      id: 'order',
      title: t('about'),
      cell: letter => {
        const id = orderOf(letter);
        return id === undefined ? letter.key : <OrderLink id={id} />;
      },
    },
    {
      id: 'state',
      title: t('state'),
      cell: ({ state }) => <Mark tone={tones[state]}>{t(`states.${state}`)}</Mark>,
    },
    { id: 'attempts', title: t('attempts'), numeric: true, cell: ({ attempts }) => attempts },
    { id: 'behind', title: t('behind'), numeric: true, cell: ({ successors }) => successors.length },
    {
      id: 'since',
      title: t('since'),
      cell: ({ failedAt, discardedAt }) => <Since at={discardedAt ?? failedAt} />,
    },
    {
      id: 'actions',
      title: t('actions'),
      hidesTitle: true,
      cell: letter => (
        <span className={listStyles.actions}>
          <Button small onPress={() => setLooked(letter)}>
            {t('look')}
          </Button>
          {(letter.state === 'parked' || letter.state === 'retrying') && (
            <>
              <Button
                small
                isPending={replay.isPending && replay.variables.id === letter.id}
                onPress={() => replay.mutate(letter)}
              >
                {t('replay')}
              </Button>
              <Button small look="danger" onPress={() => setGiven(letter)}>
                {t('discard')}
              </Button>
            </>
          )}
        </span>
      ),
    },
  ];

  return (
    <Page
      title={t('title')}
      intro={t('intro')}
      actions={
        <>
          <Choice<'open' | 'discarded'>
            label={t('show')}
            value={shown}
            options={[
              ['open', t('open')],
              ['discarded', t('states.discarded')],
            ]}
            onChoose={setShown}
          />
          {shown === 'open' && (
            <Button isDisabled={parked.length === 0} onPress={() => setAsksAll(true)}>
              {t('replayAll')}
            </Button>
          )}
        </>
      }
    >
      {letters.error ? (
        <ErrorState error={letters.error} onRetry={() => void letters.refetch()} />
      ) : (
        <Panel
          title={shown === 'open' ? t('open') : t('states.discarded')}
          aside={
            letters.data && letters.data.silent.length > 0 ? (
              <Mark tone="bad">
                {t('silent', { services: letters.data.silent.map(serviceName).join(', ') })}
              </Mark>
            ) : undefined
          }
        >
          {groups?.length === 0 ? (
            <Nothing>{shown === 'open' ? t('nothing') : t('nothingDiscarded')}</Nothing>
          ) : (
            <List
              caption={t('title')}
              columns={columns}
              rows={groups}
              rowId={({ service, id }) => `${service} ${id}`}
            />
          )}
        </Panel>
      )}
      {looked && <LetterDialog letter={looked} onClose={() => setLooked(undefined)} />}
      {given && <DiscardDialog letter={given} onClose={() => setGiven(undefined)} />}
      <Confirm
        title={t('replayAll')}
        action={t('replayAll')}
        isOpen={asksAll}
        isPending={replayAll.isPending}
        error={replayAll.error}
        onConfirm={() => replayAll.mutate()}
        onClose={() => setAsksAll(false)}
      >
        <p>{t('replayAllText', { count: parked.length })}</p>
      </Confirm>
    </Page>
  );
}
