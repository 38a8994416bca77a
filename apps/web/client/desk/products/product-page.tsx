import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { Form } from 'react-aria-components/Form';
import { useFormatter, useTranslations } from 'use-intl';
import { answer, deskApi } from '../../api/client.ts';
import { ApiProblem } from '../../api/problem.ts';
import type { components } from '../../api/schema/product.ts';
import { Picture } from '../../shop/picture.tsx';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { NumberField, TextField } from '../../ui/field.tsx';
import formStyles from '../../ui/form.module.css';
import { Time } from '../../ui/format.tsx';
import { PageHead } from '../../ui/page.tsx';
import { EmptyState, ErrorState, Skeleton, useProblemText } from '../../ui/state.tsx';
import { DataTable } from '../../ui/table.tsx';
import { toast } from '../../ui/toast.tsx';
import { ProductFields, type ProductWish, useProductForm } from './product-form.tsx';
import styles from './products.module.css';

type Product = Pick<
  components['schemas']['Product'],
  'id' | 'name' | 'price' | 'imageUrl' | 'availableQuantity' | 'totalQuantity'
>;

const FRESH_MS = 5_000;
const route = getRouteApi('/desk/products/$id');

/** One product: what it is, how much of it there is, and how that came to be. */
export function ProductPage() {
  const id = Number(route.useParams().id);
  const t = useTranslations('desk.products');
  const product = useQuery({
    queryKey: ['products', 'desk', id],
    queryFn: async ({ signal }) => {
      const asked = await deskApi.product.GET('/products/{id}', { params: { path: { id } }, signal });
      const read = await answer(Promise.resolve(asked));
      return { product: read as Product, etag: asked.response.headers.get('etag') ?? '*' };
    },
    refetchInterval: FRESH_MS,
  });
  const title = product.data?.product.name ?? t('one', { id: String(id) });
  return (
    <>
      <PageHead title={title}>
        <ButtonLink to="/desk/products">{t('all')}</ButtonLink>
      </PageHead>
      {product.data ? (
        <div className={styles.product}>
          <Facts now={product.data} reload={async () => (await product.refetch()).data} />
          <Stock product={product.data.product} />
        </div>
      ) : product.isError ? (
        <ErrorState error={product.error} onRetry={() => void product.refetch()} />
      ) : (
        <Skeleton height="24rem" />
      )}
    </>
  );
}

/** A product with the version in which it was read. */
interface Read {
  product: Product;
  etag: string;
}

const wishOf = ({ name, price, imageUrl, totalQuantity }: Product): ProductWish => ({
  name: name ?? '',
  price,
  imageUrl: imageUrl ?? '',
  totalQuantity,
});
const isSame = (a: Product, b: Product) =>
  a.name === b.name && a.price === b.price && a.imageUrl === b.imageUrl;

function Facts({ now, reload }: { now: Read; reload(): Promise<Read | undefined> }) {
  const t = useTranslations('desk.products');
  const queries = useQueryClient();
  // What is edited is what was read first: a change of it by somebody else is a conflict, and not overwritten.
  const [read, setRead] = useState(now);
  const { product } = read;
  const form = useProductForm({
    begin: wishOf(product),
    async save({ name, price, imageUrl }) {
      // The stock makes versions, too.
      const { etag } = isSame(now.product, product) ? now : read;
      const asked = await deskApi.product.PATCH('/products/{id}', {
        params: { path: { id: product.id }, header: { 'If-Match': etag } },
        body: { name, price, imageUrl: imageUrl || null },
      });
      const saved = await answer(Promise.resolve(asked));
      setRead({ product: saved as Product, etag: asked.response.headers.get('etag') ?? '*' });
    },
    onSaved() {
      toast(t('saved'));
      void queries.invalidateQueries({ queryKey: ['products'] });
    },
  });
  const isStale = form.error instanceof ApiProblem && form.error.reason === 'stale-etag';

  async function begin(): Promise<void> {
    const fresh = await reload();
    if (!fresh) return;
    setRead(fresh);
    form.reset(wishOf(fresh.product));
  }

  return (
    <section className={styles.card}>
      <h2>{t('facts')}</h2>
      <div className={styles.preview}>
        <Picture url={form.wish.imageUrl || null} name={form.wish.name || String(product.id)} eager />
      </div>
      <Form className={formStyles.form ?? ''} validationErrors={form.errors} onSubmit={form.submit}>
        <ProductFields form={form} />
        {isStale && <Button onPress={() => void begin()}>{t('reload')}</Button>}
        <div className={formStyles.end}>
          <Button type="submit" look="primary" isPending={form.isPending}>
            {t('save')}
          </Button>
        </div>
      </Form>
    </section>
  );
}

function Stock({ product }: { product: Product }) {
  const t = useTranslations('desk.products');
  const problem = useProblemText();
  const queries = useQueryClient();
  const [quantity, setQuantity] = useState(0);
  const [reason, setReason] = useState('');
  const move = useMutation({
    mutationFn: () =>
      answer(
        deskApi.product.POST('/products/{id}/movements', {
          params: { path: { id: product.id } },
          body: { quantity, reason },
        }),
      ),
    onSuccess() {
      setQuantity(0);
      setReason('');
      toast(t('moved'));
      void queries.invalidateQueries({ queryKey: ['products'] });
    },
  });
  return (
    <section className={styles.card}>
      <h2>{t('stock')}</h2>
      <dl className={styles.figures}>
        <div>
          <dt>{t('total')}</dt>
          <dd>{product.totalQuantity}</dd>
        </div>
        <div>
          <dt>{t('reserved')}</dt>
          <dd>{product.totalQuantity - product.availableQuantity}</dd>
        </div>
        <div>
          <dt>{t('available')}</dt>
          <dd>{product.availableQuantity}</dd>
        </div>
      </dl>
      <Form
        className={formStyles.form ?? ''}
        onSubmit={event => {
          event.preventDefault();
          move.mutate();
        }}
      >
        <NumberField
          label={t('change')}
          value={quantity}
          onChange={value => setQuantity(Number.isNaN(value) ? 0 : value)}
          hint={t('changeHint')}
        />
        <TextField label={t('reason')} value={reason} onChange={setReason} maxLength={200} isRequired />
        {move.isError && (
          <p className={formStyles.alert} role="alert">
            {problem(move.error)}
          </p>
        )}
        <div className={formStyles.end}>
          <Button type="submit" isDisabled={quantity === 0} isPending={move.isPending}>
            {t('move')}
          </Button>
        </div>
      </Form>
      <h3>{t('history')}</h3>
      <History id={product.id} />
    </section>
  );
}

function History({ id }: { id: number }) {
  const t = useTranslations('desk.products');
  const format = useFormatter();
  const movements = useQuery({
    queryKey: ['products', 'movements', id],
    queryFn: async ({ signal }) =>
      (await answer(deskApi.product.GET('/products/{id}/movements', { params: { path: { id } }, signal })))
        ._embedded.movements,
  });
  return (
    <DataTable
      label={t('history')}
      query={{
        rows: movements.data,
        error: movements.error,
        hasMore: false,
        isFetchingMore: false,
        more: () => undefined,
        retry: () => void movements.refetch(),
      }}
      columns={[
        { id: 'at', title: t('at'), show: ({ at }) => <Time at={at} /> },
        {
          id: 'quantity',
          title: t('pieces'),
          isNumber: true,
          show: ({ quantity }) => format.number(quantity, { signDisplay: 'exceptZero' }),
        },
        { id: 'reason', title: t('reason'), show: ({ reason }) => reason },
      ]}
      empty={<EmptyState title={t('noHistory')} />}
    />
  );
}
