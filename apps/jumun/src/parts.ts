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

/** The parts with a database. Stopped in the opposite order: an order under way still needs pay and product. */
export const services: readonly Service[] = [product, pay, order, delivery, notice, customercenter];
/** The parts without; stopped in the opposite order, and the door is to close first. */
export const fronts: readonly { name: string; start(surroundings: Surroundings): Promise<Running> }[] = [
  web,
  gateway,
];
