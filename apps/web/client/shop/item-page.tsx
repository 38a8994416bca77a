import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { Form } from 'react-aria-components/Form';
import { useTranslations } from 'use-intl';
import { answer, api } from '../api/client.ts';
import { useCustomer } from '../app/settings.ts';
import { store, stored } from '../app/stored.ts';
import { usePageTitle } from '../app/title.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { NumberField, TextField } from '../ui/field.tsx';
import { Money, useMoney } from '../ui/format.tsx';
import { ErrorState, Skeleton, useProblemText } from '../ui/state.tsx';
import type { Checkout } from './checkout.ts';
import styles from './item-page.module.css';
import { Payment } from './payment.tsx';
import { Picture } from './picture.tsx';
import type { Product } from './product.ts';
import { Left } from './products-page.tsx';
import { type Refused, wayOn } from './refusal.ts';
import { useCheckout } from './use-checkout.ts';

const FRESH_MS = 5_000;
const route = getRouteApi('/shop/items/$id');

/** One product, to order it. */
export function ItemPage() {
  const id = Number(route.useParams().id);
  const customerId = useCustomer();
  const product = useQuery({
    queryKey: ['products', id],
    queryFn: ({ signal }) => answer(api.product.GET('/products/{id}', { params: { path: { id } }, signal })),
    refetchInterval: FRESH_MS,
  });
  if (product.data)
    return <Item key={`${customerId} ${id}`} product={product.data} customerId={customerId} />;
  if (product.isError) return <ErrorState error={product.error} onRetry={() => void product.refetch()} />;
  return (
    <div className={styles.item}>
      <Skeleton square />
      <div className={styles.facts}>
        <Skeleton width="60%" height="2.5rem" />
        <Skeleton width="30%" height="1.5rem" />
        <Skeleton height="16rem" />
      </div>
    </div>
  );
}

function Item({ product, customerId }: { product: Product; customerId: number }) {
  const t = useTranslations('shop.item');
  const name = product.name ?? t('nameless', { id: String(product.id) });
  usePageTitle(name);
  const checkout = useCheckout(customerId, product.id);
  const { state } = checkout;

  // Going back from the order leads to the product, which says that it was ordered.
  const navigate = useNavigate();
  const [wasSent, setSent] = useState(false);
  const orderId = state.step === 'placed' && wasSent ? state.orderId : undefined;
  useEffect(() => {
    if (state.step === 'sending') setSent(true);
  }, [state.step]);
  useEffect(() => {
    if (orderId !== undefined) void navigate({ to: '/my/orders/$id', params: { id: String(orderId) } });
  }, [orderId, navigate]);

  return (
    <article className={styles.item}>
      <Picture url={product.imageUrl} name={name} eager />
      <div className={styles.facts}>
        <h1>{name}</h1>
        {product.price !== null && (
          <p className={styles.price}>
            <Money amount={product.price} />
          </p>
        )}
        <Left available={product.availableQuantity} />
        {state.step === 'placed' ? (
          <Placed orderId={state.orderId} onAgain={checkout.reopen} />
        ) : state.step === 'sending' || state.step === 'waiting' ? (
          <UnderWay state={state} onRetry={checkout.retry} />
        ) : product.price === null ? (
          <p>{t('priceless')}</p>
        ) : (
          <OrderForm
            product={{ ...product, price: product.price }}
            customerId={customerId}
            state={state}
            submit={checkout.submit}
          />
        )}
      </div>
    </article>
  );
}

function Placed({ orderId, onAgain }: { orderId: number; onAgain(): void }) {
  const t = useTranslations('shop.item.placed');
  return (
    <section className={styles.box} role="status">
      <h2>{t('title')}</h2>
      <p>{t('text', { id: String(orderId) })}</p>
      <div className={styles.actions}>
        <ButtonLink to="/my/orders/$id" params={{ id: String(orderId) }} look="primary">
          {t('show')}
        </ButtonLink>
        <Button onPress={onAgain}>{t('again')}</Button>
      </div>
    </section>
  );
}

/** An order whose outcome is on its way: it cannot be placed a second time. */
function UnderWay({
  state,
  onRetry,
}: {
  state: Extract<Checkout, { step: 'sending' | 'waiting' }>;
  onRetry(): void;
}) {
  const t = useTranslations('shop.item.underWay');
  const problem = useProblemText();
  return (
    <section className={styles.box} role="status">
      <h2>{state.step === 'sending' && state.attempt === 1 ? t('sending') : t('confirming')}</h2>
      {state.step === 'waiting' && <p>{problem(state.problem)}</p>}
      <p>{t('safe')}</p>
      <div className={styles.actions}>
        <Button isPending={state.step === 'sending'} onPress={onRetry}>
          {t('now')}
        </Button>
      </div>
    </section>
  );
}

const addressKey = (customerId: number) => `jumun.address.${customerId}`;

function OrderForm({
  product,
  customerId,
  state,
  submit,
}: {
  product: Product & { price: number };
  customerId: number;
  state: Extract<Checkout, { step: 'open' }>;
  submit: ReturnType<typeof useCheckout>['submit'];
}) {
  const t = useTranslations('shop.item');
  const money = useMoney();
  const [quantity, setQuantity] = useState(1);
  const [address, setAddress] = useState(() => stored(addressKey(customerId), ''));
  const refused = useMemo(() => state.refusal && wayOn(state.refusal), [state.refusal]);
  useLearned(product.id, refused);

  function order(orderQty: number, unitPrice = product.price): void {
    store(addressKey(customerId), address);
    submit({ itemcd: product.id, orderQty, price: unitPrice * orderQty, address, customerId });
  }

  if (product.availableQuantity === 0 && !refused) return <p className={styles.box}>{t('soldOut')}</p>;
  return (
    <Form
      className={styles.form ?? ''}
      validationErrors={refused?.fields ?? {}}
      onSubmit={event => {
        event.preventDefault();
        order(quantity);
      }}
    >
      {refused && (
        <Refusal
          refused={refused}
          onTake={(pieces, unitPrice) => {
            setQuantity(pieces);
            order(pieces, unitPrice);
          }}
        />
      )}
      <NumberField
        name="orderQty"
        label={t('quantity')}
        value={quantity}
        onChange={value => setQuantity(Number.isNaN(value) ? 1 : value)}
        minValue={1}
        maxValue={Math.max(1, product.availableQuantity)}
        isRequired
      />
      <TextField
        name="address"
        label={t('address')}
        value={address}
        onChange={setAddress}
        autoComplete="street-address"
        maxLength={500}
        isRequired
      />
      <Payment />
      <dl className={styles.total}>
        <dt>{t('total')}</dt>
        <dd>{money(product.price * quantity)}</dd>
      </dl>
      <Button type="submit" look="primary" wide isDisabled={product.availableQuantity === 0}>
        {t('order', { amount: money(product.price * quantity) })}
      </Button>
    </Form>
  );
}

/** A refusal knows more of the product than what was read some seconds ago; what is read later counts again. */
function useLearned(id: number, refused: Refused | undefined): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (!refused) return;
    const { left, unitPrice } = refused;
    queries.setQueryData<Product>(
      ['products', id],
      product =>
        product && {
          ...product,
          ...(left !== undefined && { availableQuantity: left }),
          ...(unitPrice !== undefined && { price: unitPrice }),
        },
    );
  }, [queries, id, refused]);
}

/** Why nothing was ordered, and what one can do. */
function Refusal({
  refused,
  onTake,
}: {
  refused: Refused;
  /** Orders so many, at the price that was shown with it. */
  onTake(pieces: number, unitPrice?: number): void;
}) {
  const t = useTranslations('shop.refusal');
  const problem = useProblemText();
  const money = useMoney();
  return (
    <section className={styles.refusal} role="alert">
      <p>
        <strong>{problem(refused.problem)}</strong>
      </p>
      {refused.left !== undefined && (
        <>
          <p>{t('left', { count: refused.left })}</p>
          {refused.left > 0 && (
            <Button look="primary" onPress={() => onTake(refused.left ?? 1)}>
              {t('take', { count: refused.left })}
            </Button>
          )}
        </>
      )}
      {refused.unitPrice !== undefined && (
        <>
          <p>{t('price', { before: money(refused.before ?? 0), now: money(refused.unitPrice) })}</p>
          <Button look="primary" onPress={() => onTake(refused.quantity, refused.unitPrice)}>
            {t('accept', { amount: money(refused.unitPrice * refused.quantity) })}
          </Button>
        </>
      )}
      {refused.problem.reason === 'payment-declined' && <p>{t('declined')}</p>}
    </section>
  );
}
