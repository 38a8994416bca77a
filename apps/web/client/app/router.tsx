import { createRouter } from '@tanstack/react-router';
import { deskRoutes } from '../desk/routes.tsx';
import { shopRoutes } from '../shop/routes.tsx';
import { rootRoute } from './root.tsx';

/** The pages of the storefront and, in chunks of their own, of the desk. */
export const router = createRouter({
  routeTree: rootRoute.addChildren([shopRoutes, deskRoutes]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
