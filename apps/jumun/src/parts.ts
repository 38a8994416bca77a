import { customercenter } from '@jumun/customercenter';
import { delivery } from '@jumun/delivery';
import { gateway } from '@jumun/gateway';
import type { Service } from '@jumun/messaging';
import { notice } from '@jumun/notice';
import { order } from '@jumun/order';
import { pay } from '@jumun/pay';
import { product } from '@jumun/product';
import type { Running, Surroundings } from '@jumun/service-kit';
import { web } from '@jumun/web';

/** The parts with a database, in the order in which they are started. */
export const services: readonly Service[] = [product, pay, order, delivery, notice, customercenter];
/** The parts without. */
export const fronts: readonly { name: string; start(surroundings: Surroundings): Promise<Running> }[] = [
  gateway,
  web,
];

/** Where each part listens, from the port base on; the base itself is the web's. */
export const portOffsets: Record<string, number> = {
  web: 0,
  order: 1,
  product: 2,
  pay: 3,
  notice: 4,
  customercenter: 5,
  delivery: 6,
  gateway: 8,
};

export const partNames = Object.keys(portOffsets);
