import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Form } from 'react-aria-components/Form';
import { useTranslations } from 'use-intl';
import { answer, deskApi } from '../../api/client.ts';
import { usePages } from '../../api/pages.ts';
import type { components } from '../../api/schema/product.ts';
import { Picture } from '../../shop/picture.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import formStyles from '../../ui/form.module.css';
import { Money } from '../../ui/format.tsx';
import { PageHead } from '../../ui/page.tsx';
import { SearchField } from '../../ui/search-field.tsx';
import { EmptyState } from '../../ui/state.tsx';
import { DataTable } from '../../ui/table.tsx';
import { toast } from '../../ui/toast.tsx';
import { ProductFields, type ProductWish, useProductForm } from './product-form.tsx';
import styles from './products.module.css';
import { Samples } from './samples.tsx';

type Product = Pick<
  components['schemas']['Product'],
  'id' | 'name' | 'price' | 'imageUrl' | 'availableQuantity' | 'totalQuantity'
>;

const PAGE = 50;
const FRESH_MS = 5_000;
/** Of fewer pieces, more should be ordered soon. */
const LOW = 10;
const route = getRouteApi('/desk/products');

/** The catalogue and what is on the shelf. */
export function ProductsPage() {
  const t = useTranslations('desk.products');
  const { q, low } = route.useSearch();
  const navigate = useNavigate();
  const [isCreating, setCreating] = useState(false);
  const query = usePages<Product>({
    queryKey: ['products', 'desk', q, low],
    size: PAGE,
    read: async (range, signal) => {
      const wanted = { ...range, ...(q && { q }), ...(low && { availableBelow: LOW }) };
      const found = await answer(
        deskApi.product.GET('/products/search/find', { params: { query: wanted }, signal }),
      );
      return found._embedded.products;
    },
    refetchInterval: FRESH_MS,
  });
  const isFiltered = Boolean(q || low);

  return (
    <>
      <PageHead title={t('title')}>
        <SearchField
          label={t('search')}
          value={q ?? ''}
          onChange={text =>
            void navigate({
              to: '/desk/products',
              search: { ...(text && { q: text }), ...(low && { low }) },
              replace: true,
            })
          }
        />
        <Button
          aria-pressed={Boolean(low)}
          look={low ? 'primary' : 'secondary'}
          onPress={() =>
            void navigate({ to: '/desk/products', search: { ...(q && { q }), ...(!low && { low: true }) } })
          }
        >
          {t('low')}
        </Button>
        <Button look="primary" onPress={() => setCreating(true)}>
          {t('create')}
        </Button>
      </PageHead>
      <DataTable
        label={t('title')}
        query={query}
        hrefOf={({ id }) => `/desk/products/${id}`}
        columns={[
          {
            id: 'name',
            title: t('name'),
            show: ({ name, imageUrl, id }) => (
              <span className={styles.name}>
                <span className={styles.thumb}>
                  <Picture url={imageUrl} name={name ?? String(id)} />
                </span>
                {name ?? t('nameless')}
              </span>
            ),
          },
          { id: 'id', title: t('number'), isNumber: true, show: ({ id }) => id },
          {
            id: 'price',
            title: t('price'),
            isNumber: true,
            show: ({ price }) => (price === null ? '–' : <Money amount={price} />),
          },
          { id: 'total', title: t('total'), isNumber: true, show: ({ totalQuantity }) => totalQuantity },
          {
            id: 'reserved',
            title: t('reserved'),
            isNumber: true,
            show: ({ totalQuantity, availableQuantity }) => totalQuantity - availableQuantity,
          },
          {
            id: 'available',
            title: t('available'),
            isNumber: true,
            show: ({ availableQuantity }) =>
              availableQuantity < LOW ? (
                <strong className={styles.low}>{t('few', { count: availableQuantity })}</strong>
              ) : (
                availableQuantity
              ),
          },
        ]}
        empty={
          isFiltered ? (
            <EmptyState title={t('none')} />
          ) : (
            <EmptyState title={t('empty.title')} text={t('empty.text')}>
              <Samples />
            </EmptyState>
          )
        }
      />
      {isCreating && <Create onClose={() => setCreating(false)} />}
    </>
  );
}

function Create({ onClose }: { onClose(): void }) {
  const t = useTranslations('desk.products');
  const queries = useQueryClient();
  const form = useProductForm({
    begin: { name: '', price: null, imageUrl: '', totalQuantity: 0 },
    save: ({ name, price, imageUrl, totalQuantity }: ProductWish) =>
      answer(
        deskApi.product.POST('/products', {
          body: { name, price, totalQuantity, ...(imageUrl && { imageUrl }) },
        }),
      ),
    onSaved() {
      onClose();
      toast(t('created'));
      void queries.invalidateQueries({ queryKey: ['products'] });
    },
  });
  return (
    <Dialog title={t('create')} isOpen onClose={onClose}>
      <Form className={formStyles.form ?? ''} validationErrors={form.errors} onSubmit={form.submit}>
        <ProductFields form={form} withStock />
        <div className={formStyles.end}>
          <Button onPress={onClose}>{t('close')}</Button>
          <Button type="submit" look="primary" isPending={form.isPending}>
            {t('save')}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
