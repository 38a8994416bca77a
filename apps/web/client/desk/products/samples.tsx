import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { answer, deskApi } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { useProblemText } from '../../ui/state.tsx';
import { toast } from '../../ui/toast.tsx';

const samples = [
  { picture: 'milk', price: 2_800, totalQuantity: 120 },
  { picture: 'bread', price: 3_900, totalQuantity: 40 },
  { picture: 'apple', price: 1_500, totalQuantity: 200 },
  { picture: 'coffee', price: 14_500, totalQuantity: 60 },
  { picture: 'kimchi', price: 12_900, totalQuantity: 8 },
  { picture: 'rice', price: 32_000, totalQuantity: 35 },
  { picture: 'tea', price: 8_900, totalQuantity: 0 },
  { picture: 'honey', price: 19_800, totalQuantity: 55 },
] as const;

/** Puts a few products on an empty shelf, to try things out. */
export function Samples() {
  const t = useTranslations('desk.products.samples');
  const problem = useProblemText();
  const queries = useQueryClient();
  const [made, setMade] = useState<number>();

  async function make(): Promise<void> {
    try {
      for (const [i, { picture, ...sample }] of samples.entries()) {
        setMade(i);
        const body = { name: t(picture), imageUrl: `/pictures/${picture}.svg`, ...sample };
        await answer(deskApi.product.POST('/products', { body }));
      }
    } catch (error) {
      toast(problem(error));
    }
    setMade(undefined);
    await queries.invalidateQueries({ queryKey: ['products'] });
  }

  return (
    <Button look="primary" isPending={made !== undefined} onPress={() => void make()}>
      {made === undefined ? t('make') : t('making', { made, all: samples.length })}
    </Button>
  );
}
