import type { ServiceName } from '@jumun/contracts';
import { deskApi } from '../../api/client.ts';

const all: Record<ServiceName, true> = {
  order: true,
  product: true,
  pay: true,
  delivery: true,
  notice: true,
  customercenter: true,
};

/** The services of the system, in the order in which an order meets them. */
export const serviceNames = Object.keys(all) as ServiceName[];

export const isService = (name: string): name is ServiceName => Object.hasOwn(all, name);

/** What every service has under the same paths: its dead letters. */
export function deskOf(service: ServiceName): typeof deskApi.order {
  return deskApi[service] as typeof deskApi.order;
}
