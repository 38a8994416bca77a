import type {
  Decision,
  DeliveryCanceled,
  DeliveryCompleted,
  DeliveryRequested,
  DeliveryStarted,
  DeliveryStatus,
  EventOf,
} from '@jumun/contracts';

export interface Parcel {
  id: number;
  orderId: number;
  customerId: number | null;
  productName: string | null;
  qtyp: number | null;
  price: number | null;
  address: string | null;
}

export interface Tracking {
  carrier: string | null;
  trackingNumber: string | null;
}

/** The delivery of one order. */
export type Delivery =
  | { kind: 'none' }
  /** Canceled before it was prepared. */
  | { kind: 'tombstone' }
  | ({ kind: 'delivery'; status: DeliveryStatus } & Parcel & Tracking);

export type DeliveryCommand =
  | { type: 'prepare'; orderId: number; parcel: Parcel }
  | { type: 'start'; orderId: number; tracking: Tracking }
  | { type: 'complete'; orderId: number }
  | { type: 'cancel'; orderId: number };

export type DeliveryEvent =
  | EventOf<typeof DeliveryRequested>
  | EventOf<typeof DeliveryStarted>
  | EventOf<typeof DeliveryCompleted>
  | EventOf<typeof DeliveryCanceled>
  | { type: 'TrackingNoted'; tracking: Tracking }
  | { type: 'CanceledBeforehand' };

function fieldsOf<S extends DeliveryStatus>(
  { id, orderId, customerId, productName, qtyp, price, address }: Parcel,
  status: S,
) {
  return { id, orderId, customerId, productName, qtyp, price, address, status };
}

export function decide(command: DeliveryCommand, delivery: Delivery): Decision<DeliveryEvent> {
  switch (command.type) {
    case 'prepare':
      if (delivery.kind !== 'none') return [];
      return [{ type: 'DeliveryRequested', ...fieldsOf(command.parcel, 'deliveryRequested') }];

    case 'start': {
      if (delivery.kind !== 'delivery') return unknown();
      if (delivery.status === 'deliverystarted') return [];
      if (delivery.status !== 'deliveryRequested') return conflict(delivery, 'started');
      const started: DeliveryEvent = { type: 'DeliveryStarted', ...fieldsOf(delivery, 'deliverystarted') };
      const { carrier, trackingNumber } = command.tracking;
      return carrier || trackingNumber
        ? [{ type: 'TrackingNoted', tracking: command.tracking }, started]
        : [started];
    }

    case 'complete':
      if (delivery.kind !== 'delivery') return unknown();
      if (delivery.status === 'deliverycompleted') return [];
      if (delivery.status !== 'deliverystarted') return conflict(delivery, 'completed');
      return [{ type: 'DeliveryCompleted', ...fieldsOf(delivery, 'deliverycompleted') }];

    case 'cancel':
      if (delivery.kind === 'none') return [{ type: 'CanceledBeforehand' }];
      if (delivery.kind === 'tombstone') return [];
      // What was delivered cannot be taken back here; the order raises an exception for a person.
      if (delivery.status === 'deliverycompleted' || delivery.status === 'deliveryCanceled') return [];
      return [{ type: 'DeliveryCanceled', ...fieldsOf(delivery, 'deliveryCanceled') }];
  }
}

function unknown(): Decision<DeliveryEvent> {
  return { rejected: 'unknown-delivery', detail: 'There is no such delivery.' };
}

function conflict(
  { id, status }: { id: number; status: DeliveryStatus },
  step: string,
): Decision<DeliveryEvent> {
  return {
    rejected: 'delivery-step-conflict',
    detail: `Delivery ${id} is ${status}; it cannot be ${step}.`,
    extra: { state: status },
  };
}

export function evolve(delivery: Delivery, event: DeliveryEvent): Delivery {
  switch (event.type) {
    case 'DeliveryRequested': {
      const {
        id,
        orderId,
        customerId = null,
        productName = null,
        qtyp = null,
        price = null,
        address = null,
      } = event;
      const parcel = { id, orderId, customerId, productName, qtyp, price, address };
      return {
        kind: 'delivery',
        status: 'deliveryRequested',
        ...parcel,
        carrier: null,
        trackingNumber: null,
      };
    }
    case 'CanceledBeforehand':
      return { kind: 'tombstone' };
    case 'TrackingNoted':
      return delivery.kind === 'delivery' ? { ...delivery, ...event.tracking } : delivery;
    case 'DeliveryStarted':
      return delivery.kind === 'delivery' ? { ...delivery, status: 'deliverystarted' } : delivery;
    case 'DeliveryCompleted':
      return delivery.kind === 'delivery' ? { ...delivery, status: 'deliverycompleted' } : delivery;
    case 'DeliveryCanceled':
      return delivery.kind === 'delivery' ? { ...delivery, status: 'deliveryCanceled' } : delivery;
  }
}
