import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { Radio, RadioGroup } from 'react-aria-components/RadioGroup';
import { useTranslations } from 'use-intl';
import { answer } from '../../api/client.ts';
import { TextField } from '../../ui/field.tsx';
import { toast } from '../../ui/toast.tsx';
import { Confirm } from '../operations/confirm.tsx';
import { deskOf } from '../operations/services.ts';
import styles from './dead-letters.module.css';
import type { Group } from './letters.ts';

/** Asks why an event is given up, and what becomes of those that wait behind it. */
export function DiscardDialog({ letter, onClose }: { letter: Group; onClose(): void }) {
  const t = useTranslations('operations.deadLetters');
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const [successors, setSuccessors] = useState(false);
  const behind = letter.successors.length;

  const discard = useMutation({
    mutationFn: () =>
      answer(
        deskOf(letter.service).POST('/dead-letters/{id}/discarded', {
          params: { path: { id: letter.id } },
          body: { reason: reason.trim(), successors },
        }),
      ),
    onSuccess: ({ discarded }) => {
      toast(t('discarded', { count: discarded.length }));
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['deadLetters'] }),
  });

  return (
    <Confirm
      title={t('discardTitle', { event: letter.type })}
      action={t('discard')}
      isOpen
      isPending={discard.isPending}
      isDisabled={reason.trim() === ''}
      error={discard.error}
      onConfirm={() => discard.mutate()}
      onClose={onClose}
    >
      <p>{t('discardText')}</p>
      <TextField
        label={t('why')}
        hint={t('whyHint')}
        rows={2}
        value={reason}
        onChange={setReason}
        isRequired
        maxLength={500}
        autoFocus
      />
      {behind > 0 ? (
        <RadioGroup
          className={styles.radios ?? ''}
          aria-label={t('successors')}
          value={successors ? 'too' : 'go on'}
          onChange={value => setSuccessors(value === 'too')}
        >
          <Radio className={styles.radio ?? ''} value="go on">
            {t('successorsGoOn', { count: behind })}
          </Radio>
          <Radio className={styles.radio ?? ''} value="too">
            {t('successorsToo', { count: behind })}
          </Radio>
        </RadioGroup>
      ) : (
        <p className={styles.soft}>{t('noSuccessors')}</p>
      )}
    </Confirm>
  );
}
