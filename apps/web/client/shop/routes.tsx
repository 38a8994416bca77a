import { createRoute, Link, lazyRouteComponent } from '@tanstack/react-router';
import { useTranslations } from 'use-intl';
import { CustomerChoice, Layout } from '../app/layout.tsx';
import { rootRoute } from '../app/root.tsx';
import { serverSettings } from '../app/settings.ts';
import { ProductsPage } from './products-page.tsx';
import { Unread } from './unread.tsx';

function ShopLayout() {
  const t = useTranslations('common.navigation');
  const navigation = (
    <>
      <Link to="/" activeOptions={{ exact: true }}>
        {t('products')}
      </Link>
      <Link to="/my/orders">{t('orders')}</Link>
      <Link to="/my/notices">
        {t('notices')}
        <Unread />
      </Link>
      {serverSettings.desk && <Link to="/desk">{t('desk')}</Link>}
    </>
  );
  return <Layout navigation={navigation} settings={<CustomerChoice />} />;
}

const shop = createRoute({ getParentRoute: () => rootRoute, id: 'shop', component: ShopLayout });

/** The pages of the storefront. The first one is there at once; the others come when they are wanted. */
export const shopRoutes = shop.addChildren([
  createRoute({
    getParentRoute: () => shop,
    path: '/',
    component: ProductsPage,
    validateSearch: ({ q }): { q?: string } => (q ? { q: String(q).slice(0, 100) } : {}),
  }),
  createRoute({
    getParentRoute: () => shop,
    path: '/items/$id',
    component: lazyRouteComponent(() => import('./item-page.tsx'), 'ItemPage'),
  }),
  createRoute({
    getParentRoute: () => shop,
    path: '/my/orders',
    component: lazyRouteComponent(() => import('./orders-page.tsx'), 'OrdersPage'),
  }),
  createRoute({
    getParentRoute: () => shop,
    path: '/my/orders/$id',
    component: lazyRouteComponent(() => import('./order-page.tsx'), 'OrderPage'),
  }),
  createRoute({
    getParentRoute: () => shop,
    path: '/my/notices',
    component: lazyRouteComponent(() => import('./notices-page.tsx'), 'NoticesPage'),
  }),
]);
