import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl';
import { ApiProblem } from '../../api/problem.ts';
import { NumberField, TextField } from '../../ui/field.tsx';
import formStyles from '../../ui/form.module.css';
import { useProblemText } from '../../ui/state.tsx';

/** What is entered of a product. */
export interface ProductWish {
  name: string;
  /** Of one piece, in minor units; without one, each order brings its own. */
  price: number | null;
  imageUrl: string;
  totalQuantity: number;
}

interface ProductFormOptions {
  begin: ProductWish;
  save(wish: ProductWish): Promise<unknown>;
  onSaved(): void;
}

/** A form of a product: what is entered, and what the service says of it, at its fields. */
export function useProductForm({ begin, save, onSaved }: ProductFormOptions) {
  const [wish, setWish] = useState(begin);
  const saving = useMutation({ mutationFn: save, onSuccess: onSaved });
  const problem = saving.error instanceof ApiProblem ? saving.error : undefined;
  const errors = Object.fromEntries(
    (problem?.document.errors ?? []).map(({ pointer, detail }) => [pointer.slice(1), detail]),
  );
  return {
    wish,
    /** Begins with something else. */
    reset(other: ProductWish) {
      setWish(other);
      saving.reset();
    },
    set: (part: Partial<ProductWish>) => setWish(before => ({ ...before, ...part })),
    errors,
    error: saving.error,
    isPending: saving.isPending,
    submit(event: FormEvent) {
      event.preventDefault();
      saving.mutate(wish);
    },
  };
}

export function ProductFields({
  form,
  withStock = false,
}: {
  form: ReturnType<typeof useProductForm>;
  withStock?: boolean;
}) {
  const t = useTranslations('desk.products');
  const problem = useProblemText();
  const { wish, set } = form;
  return (
    <>
      <TextField
        name="name"
        label={t('name')}
        value={wish.name}
        onChange={name => set({ name })}
        maxLength={200}
        isRequired
      />
      <NumberField
        name="price"
        label={t('unitPrice')}
        value={wish.price ?? Number.NaN}
        onChange={price => set({ price: Number.isNaN(price) ? null : price })}
        minValue={0}
      />
      {withStock && (
        <NumberField
          name="totalQuantity"
          label={t('stock')}
          value={wish.totalQuantity}
          onChange={totalQuantity => set({ totalQuantity: Number.isNaN(totalQuantity) ? 0 : totalQuantity })}
          minValue={0}
          isRequired
        />
      )}
      <TextField
        name="imageUrl"
        label={t('picture')}
        value={wish.imageUrl}
        onChange={imageUrl => set({ imageUrl })}
        maxLength={2000}
        hint={t('pictureHint')}
      />
      {form.error !== null && (
        <p className={formStyles.alert} role="alert">
          {problem(form.error)}
        </p>
      )}
    </>
  );
}
