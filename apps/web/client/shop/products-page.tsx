import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslations } from 'use-intl';
import { answer, api } from '../api/client.ts';
import { serverSettings } from '../app/settings.ts';
import { usePageTitle } from '../app/title.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { Money } from '../ui/format.tsx';
import { SearchField } from '../ui/search-field.tsx';
import { EmptyState, ErrorState, Skeleton } from '../ui/state.tsx';
import { Picture } from './picture.tsx';
import type { Product } from './product.ts';
import styles from './products-page.module.css';

const PAGE = 24;
/** Pictures that are on the screen before one scrolls. */
const SEEN_AT_ONCE = 8;
/** Of so few is said how many are left. */
const FEW = 10;
const FRESH_MS = 10_000;

const route = getRouteApi('/shop/');

/** The products, to choose one. */
export function ProductsPage() {
  const t = useTranslations('shop.products');
  usePageTitle(t('title'));
  const { q } = route.useSearch();
  const products = useInfiniteQuery({
    queryKey: ['products', 'find', q],
    queryFn: async ({ pageParam, signal }) => {
      const query = { size: PAGE, ...(q && { q }), ...(pageParam !== undefined && { after: pageParam }) };
      const found = await answer(api.product.GET('/products/search/find', { params: { query }, signal }));
      return found._embedded.products;
    },
    initialPageParam: undefined as number | undefined,
    getNextPageParam: page => (page.length === PAGE ? page.at(-1)?.id : undefined),
    placeholderData: keepPreviousData,
    refetchInterval: FRESH_MS,
  });

  return (
    <>
      <div className={styles.head}>
        <div>
          <h1>{t('title')}</h1>
          <p>{t('lead')}</p>
        </div>
        <Search />
      </div>
      {products.data ? (
        <Shelf products={products.data.pages.flat()} searched={q} />
      ) : products.isError ? (
        <ErrorState error={products.error} onRetry={() => void products.refetch()} />
      ) : (
        <Waiting />
      )}
      {products.hasNextPage && (
        <div className={styles.more}>
          <Button isPending={products.isFetchingNextPage} onPress={() => void products.fetchNextPage()}>
            {t('more')}
          </Button>
        </div>
      )}
    </>
  );
}

/** Looks for what is typed. */
function Search() {
  const t = useTranslations('shop.products');
  const { q = '' } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <search className={styles.search}>
      <SearchField
        label={t('search')}
        value={q}
        onChange={text => void navigate({ to: '/', search: text ? { q: text } : {}, replace: true })}
      />
    </search>
  );
}

function Shelf({ products, searched }: { products: Product[]; searched: string | undefined }) {
  const t = useTranslations('shop.products');
  if (products.length === 0) {
    return searched ? (
      <EmptyState title={t('notFound.title', { q: searched })} text={t('notFound.text')}>
        <ButtonLink to="/">{t('notFound.all')}</ButtonLink>
      </EmptyState>
    ) : (
      <EmptyState title={t('empty.title')} text={t('empty.text')}>
        {serverSettings.desk && (
          <ButtonLink to="/desk/products" look="primary">
            {t('empty.desk')}
          </ButtonLink>
        )}
      </EmptyState>
    );
  }
  return (
    <ul className={styles.shelf}>
      {products.map((product, i) => (
        <li key={product.id}>
          <Card product={product} eager={i < SEEN_AT_ONCE} />
        </li>
      ))}
    </ul>
  );
}

function Card({ product, eager }: { product: Product; eager: boolean }) {
  const t = useTranslations('shop.products');
  const name = product.name ?? t('nameless', { id: String(product.id) });
  const isGone = product.availableQuantity === 0;
  return (
    <Link
      to="/items/$id"
      params={{ id: String(product.id) }}
      className={styles.card}
      data-gone={isGone || undefined}
    >
      <Picture url={product.imageUrl} name={name} eager={eager} />
      <span className={styles.name}>{name}</span>
      <span className={styles.price}>
        {product.price === null ? t('priceless') : <Money amount={product.price} />}
      </span>
      <Left available={product.availableQuantity} />
    </Link>
  );
}

/** What is left of a product. */
export function Left({ available }: { available: number }) {
  const t = useTranslations('shop.left');
  const text = available === 0 ? t('none') : available < FEW ? t('few', { count: available }) : t('many');
  return (
    <span className={styles.left} data-few={available < FEW || undefined}>
      {text}
    </span>
  );
}

function Waiting() {
  const t = useTranslations('common');
  return (
    <ul className={styles.shelf} aria-label={t('loading')}>
      {Array.from({ length: SEEN_AT_ONCE }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <li key={i} className={styles.card}>
          <Skeleton square />
          <Skeleton width="70%" />
          <Skeleton width="40%" />
        </li>
      ))}
    </ul>
  );
}
