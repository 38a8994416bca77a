import type { components } from '../api/schema/product.ts';

/** What the storefront shows of a product. */
export type Product = Pick<
  components['schemas']['Product'],
  'id' | 'name' | 'price' | 'imageUrl' | 'availableQuantity'
>;
