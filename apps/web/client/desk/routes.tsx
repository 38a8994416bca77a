import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../app/root.tsx';
import { readFilters } from './orders/filters.ts';

const desk = createRoute({
  getParentRoute: () => rootRoute,
  path: '/desk',
  component: lazyRouteComponent(() => import('./layout.tsx'), 'DeskLayout'),
});

/** The pages of the desk, which come in chunks of their own. */
export const deskRoutes = desk.addChildren([
  createRoute({
    getParentRoute: () => desk,
    path: '/',
    component: lazyRouteComponent(() => import('./overview/overview-page.tsx'), 'OverviewPage'),
  }),
  createRoute({
    getParentRoute: () => desk,
    path: '/products',
    validateSearch: ({ q, low }): { q?: string; low?: boolean } => ({
      ...(q ? { q: String(q).slice(0, 100) } : {}),
      ...(low === true && { low }),
    }),
    component: lazyRouteComponent(() => import('./products/products-page.tsx'), 'ProductsPage'),
  }),
  createRoute({
    getParentRoute: () => desk,
    path: '/products/$id',
    component: lazyRouteComponent(() => import('./products/product-page.tsx'), 'ProductPage'),
  }),
  createRoute({
    getParentRoute: () => desk,
    path: '/orders',
    validateSearch: readFilters,
    component: lazyRouteComponent(() => import('./orders/orders-page.tsx'), 'OrdersPage'),
  }),
  createRoute({
    getParentRoute: () => desk,
    path: '/orders/$id',
    component: lazyRouteComponent(() => import('./orders/story-page.tsx'), 'StoryPage'),
  }),
  createRoute({
    getParentRoute: () => desk,
    path: '/deliveries',
    component: lazyRouteComponent(() => import('./deliveries/board-page.tsx'), 'BoardPage'),
  }),
  createRoute({
    getParentRoute: () => desk,
    path: '/payments',
    component: lazyRouteComponent(() => import('./payments/payments-page.tsx'), 'PaymentsPage'),
  }),
  createRoute({
    getParentRoute: () => desk,
    path: '/audit',
    component: lazyRouteComponent(() => import('./audit/audit-page.tsx'), 'AuditPage'),
  }),
  createRoute({
    getParentRoute: () => desk,
    path: '/dead-letters',
    component: lazyRouteComponent(() => import('./dead-letters/dead-letters-page.tsx'), 'DeadLettersPage'),
  }),
  createRoute({
    getParentRoute: () => desk,
    path: '/exceptions',
    component: lazyRouteComponent(() => import('./exceptions/exceptions-page.tsx'), 'ExceptionsPage'),
  }),
]);
