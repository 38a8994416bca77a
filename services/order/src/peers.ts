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
import { createPeer, type Logger, type Metrics, measureBreakers } from '@jumun/service-kit';
import type { Tracer } from '@opentelemetry/api';

type Traceparent = string | null;

/** The services that an order needs before it stands. */
export interface Peers {
  reserve(item: ReserveItem, traceparent: Traceparent): Promise<ReserveAnswer>;
  release(item: ReleaseItem, traceparent: Traceparent): Promise<unknown>;
  charge(item: ChargeItem, traceparent: Traceparent): Promise<ChargeAnswer>;
  findPayment(item: FindPaymentItem, traceparent: Traceparent): Promise<FindPaymentAnswer>;
  void(item: VoidItem, traceparent: Traceparent): Promise<VoidAnswer>;
  /** Whether a charge would be tried now; see `Breaker.admits`. */
  canCharge(): boolean;
  close(): Promise<void>;
}

export interface PeersOptions {
  productUrl: string;
  payUrl: string;
  token: string;
  productTimeoutMs: number;
  payTimeoutMs: number;
  metrics: Metrics;
  log: Logger;
  tracer: Tracer | undefined;
}

export function connectPeers(options: PeersOptions): Peers {
  const { token, tracer } = options;
  const product = createPeer({ name: 'product', url: options.productUrl, token, tracer });
  const pay = createPeer({ name: 'pay', url: options.payUrl, token, tracer });
  measureBreakers(options.metrics, options.log, [product.breaker, pay.breaker]);
  return {
    reserve: product.batch(reserveCall, options.productTimeoutMs),
    release: product.batch(releaseCall, options.productTimeoutMs),
    charge: pay.batch(chargeCall, options.payTimeoutMs),
    findPayment: pay.batch(findPaymentCall, options.payTimeoutMs),
    void: pay.batch(voidCall, options.payTimeoutMs),
    canCharge: () => pay.breaker.admits(),
    async close() {
      await Promise.all([product.close(), pay.close()]);
    },
  };
}
