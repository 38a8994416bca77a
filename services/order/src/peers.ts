import {
  type ChargeAnswer,
  type ChargeItem,
  chargeCall,
  type FindPaymentAnswer,
  type FindPaymentItem,
  findPaymentCall,
  type ReleaseItem,
  type ReserveAnswer,
  type ReserveItem,
  releaseCall,
  reserveCall,
  type VoidAnswer,
  type VoidItem,
  voidCall,
} from '@jumun/contracts';
import { createPeer, type Metrics, measureBreakers } from '@jumun/service-kit';

type Traceparent = string | null;

/** The services that an order needs before it stands. */
export interface Peers {
  reserve(item: ReserveItem, traceparent: Traceparent): Promise<ReserveAnswer>;
  release(item: ReleaseItem, traceparent: Traceparent): Promise<unknown>;
  charge(item: ChargeItem, traceparent: Traceparent): Promise<ChargeAnswer>;
  findPayment(item: FindPaymentItem, traceparent: Traceparent): Promise<FindPaymentAnswer>;
  void(item: VoidItem, traceparent: Traceparent): Promise<VoidAnswer>;
  close(): Promise<void>;
}

export interface PeersOptions {
  productUrl: string;
  payUrl: string;
  token: string;
  productTimeoutMs: number;
  payTimeoutMs: number;
  metrics: Metrics;
}

export function connectPeers(options: PeersOptions): Peers {
  const { token } = options;
  const product = createPeer({ name: 'product', url: options.productUrl, token });
  const pay = createPeer({ name: 'pay', url: options.payUrl, token });
  measureBreakers(options.metrics, [product, pay]);
  return {
    reserve: product.batch(reserveCall, options.productTimeoutMs),
    release: product.batch(releaseCall, options.productTimeoutMs),
    charge: pay.batch(chargeCall, options.payTimeoutMs),
    findPayment: pay.batch(findPaymentCall, options.payTimeoutMs),
    void: pay.batch(voidCall, options.payTimeoutMs),
    async close() {
      await Promise.all([product.close(), pay.close()]);
    },
  };
}
