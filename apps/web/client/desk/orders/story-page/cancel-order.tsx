import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { answer, deskApi } from '../../../api/client.ts';
import { Button } from '../../../ui/button.tsx';
import { TextField } from '../../../ui/field.tsx';
import { toast } from '../../../ui/toast.tsx';
import { Confirm } from '../../operations/confirm.tsx';
import type { Story } from './story.ts';
import { rowOf } from './sums.ts';

/** Cancels the order, where it still can be. */
export function CancelOrder({ story }: { story: Story }) {
  const t = useTranslations('operations.story');
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const { orderId } = story;
  const cancel = useMutation({
    mutationFn: () =>
      answer(
        deskApi.order.DELETE('/orders/{id}', {
          params: { path: { id: orderId }, query: reason.trim() === '' ? {} : { reason: reason.trim() } },
        }),
      ),
    onSuccess: () => {
      setOpen(false);
      toast(t('canceled'));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['stories', orderId] }),
  });
  const status = rowOf(story, 'orders')?.status;
  if (status === undefined || status === 'orderCanceled' || status === 'deliverycompleted') return null;
  return (
    <>
      <Button look="danger" onPress={() => setOpen(true)}>
        {t('cancel')}
      </Button>
      <Confirm
        title={t('cancelTitle', { id: String(orderId) })}
        action={t('cancel')}
        isOpen={isOpen}
        isPending={cancel.isPending}
        error={cancel.error}
        onConfirm={() => cancel.mutate()}
        onClose={() => {
          cancel.reset();
          setOpen(false);
        }}
      >
        <p>{t('cancelText')}</p>
        <TextField label={t('cancelReason')} value={reason} onChange={setReason} maxLength={200} />
      </Confirm>
    </>
  );
}
