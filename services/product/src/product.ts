import {
  type Decision,
  type DeliveryPrepared,
  type EventOf,
  MAX_STOCK,
  type ProductChanged,
  type Rejection,
  type StockShort,
} from '@jumun/contracts';

export interface Product {
  id: number;
  name: string | null;
  price: number | null;
  /** What stands on the shelf. */
  total: number;
  /** How much of it is set aside. */
  reserved: number;
  imageUrl: string | null;
}

/**
 * What became of the pieces of one order.
 *   none      only a payment or an order was seen
 *   reserved  set aside           expired   was set aside for too long
 *   taken     off the shelf       short     there was not enough
 *   released  given back, or never to be taken: the order or its payment was canceled
 */
export type Hold = 'none' | 'reserved' | 'expired' | 'taken' | 'short' | 'released';

export interface Line {
  orderQty: number;
  hold: Hold;
  /** The total price of the payment and of the order, once seen. */
  paidPrice: number | null;
  orderedPrice: number | null;
  payId: number | null;
}

/** A product with the line of one order: what each decision is about. */
export interface Shelf {
  product: Product | null;
  line: Line | null;
}

/** What PayApproved and Ordered both say. */
export interface Sale {
  orderId: number;
  itemcd: number;
  orderQty: number;
  price: number;
  item: string | null;
  customerId: number | null;
  address: string | null;
}

export interface Catalogue {
  name?: string | null;
  price?: number | null;
  imageUrl?: string | null;
}

export type ProductCommand =
  | { type: 'create'; itemcd: number; catalogue: Catalogue; total: number }
  | { type: 'change'; itemcd: number; catalogue: Catalogue; total?: number }
  | { type: 'move'; itemcd: number; quantity: number; reason: string }
  | { type: 'reserve'; itemcd: number; orderId: number; orderQty: number }
  | { type: 'release'; itemcd: number; orderId: number }
  | { type: 'expire'; itemcd: number; orderId: number }
  | ({ type: 'paid'; payId: number } & Sale)
  | ({ type: 'ordered' } & Sale)
  | { type: 'cancel'; itemcd: number; orderId: number; orderQty: number };

export type ProductEvent =
  | { type: 'ProductCreated'; product: Product }
  | { type: 'CatalogueChanged'; catalogue: Catalogue }
  | { type: 'StockMoved'; quantity: number; reason: string }
  | { type: 'StockReserved'; orderQty: number }
  | { type: 'ReservationEnded'; hold: 'expired' | 'released' }
  | { type: 'PaymentSeen'; orderQty: number; price: number; payId: number }
  | { type: 'OrderSeen'; orderQty: number; price: number }
  | { type: 'StockReturned' }
  | { type: 'LineClosed'; orderQty: number }
  | EventOf<typeof DeliveryPrepared>
  | EventOf<typeof StockShort>
  | EventOf<typeof ProductChanged>;

/** What happens to a product that is there, and to the line of one order with it. */
type SaleEvent = Extract<
  ProductEvent,
  { type: 'StockReserved' | 'ReservationEnded' | 'DeliveryPrepared' | 'StockReturned' }
>;

/** What a newcomer can have. */
export const available = (product: Product) => product.total - product.reserved;

const unknown = (id: number): Rejection => ({
  rejected: 'unknown-product',
  detail: `There is no product ${id}.`,
});

/** The catalogue and supply as others are told of it, after a change. */
function changed(product: Product): ProductEvent {
  const { id, name, price, total, imageUrl } = product;
  return { type: 'ProductChanged', id, name, price, totalQuantity: total, imageUrl };
}

export function decide(command: ProductCommand, { product, line }: Shelf): Decision<ProductEvent> {
  switch (command.type) {
    case 'create': {
      if (product) return { rejected: 'product-exists', detail: `Product ${command.itemcd} exists already.` };
      const { name = null, price = null, imageUrl = null } = command.catalogue;
      const fresh: Product = { id: command.itemcd, name, price, total: command.total, reserved: 0, imageUrl };
      return [{ type: 'ProductCreated', product: fresh }, changed(fresh)];
    }
    case 'change': {
      if (!product) return unknown(command.itemcd);
      const moved = move(
        product,
        (command.total ?? product.total) - product.total,
        'set by the administrator',
      );
      if ('rejected' in moved) return moved;
      const events: ProductEvent[] = [{ type: 'CatalogueChanged', catalogue: command.catalogue }, ...moved];
      return [...events, changed(apply(product, events))];
    }
    case 'move': {
      if (!product) return unknown(command.itemcd);
      const moved = move(product, command.quantity, command.reason);
      if ('rejected' in moved) return moved;
      return [...moved, changed(apply(product, moved))];
    }
    case 'reserve':
      return reserve(command, product, line);
    case 'release':
      return line?.hold === 'reserved' ? [{ type: 'ReservationEnded', hold: 'released' }] : [];
    case 'expire': {
      const inUse = line?.paidPrice !== null || line?.orderedPrice !== null;
      return line?.hold === 'reserved' && !inUse ? [{ type: 'ReservationEnded', hold: 'expired' }] : [];
    }
    case 'paid': {
      if (line && (line.hold === 'released' || line.paidPrice !== null)) return [];
      const { orderQty, price, payId } = command;
      const seen: ProductEvent = { type: 'PaymentSeen', orderQty, price, payId };
      const sold = line !== null && line.orderedPrice === price && line.orderQty === orderQty;
      return sold ? [seen, sell(command, payId, product, line)] : [seen];
    }
    case 'ordered': {
      if (line && (line.hold === 'released' || line.orderedPrice !== null)) return [];
      const { orderQty, price } = command;
      const seen: ProductEvent = { type: 'OrderSeen', orderQty, price };
      const sold = line !== null && line.paidPrice === price && line.orderQty === orderQty;
      return sold ? [seen, sell(command, line.payId, product, line)] : [seen];
    }
    case 'cancel':
      if (line?.hold === 'released') return [];
      if (line?.hold === 'taken') return [{ type: 'StockReturned' }];
      if (line?.hold === 'reserved') return [{ type: 'ReservationEnded', hold: 'released' }];
      return [{ type: 'LineClosed', orderQty: line?.orderQty ?? command.orderQty }];
  }
}

function move(product: Product, quantity: number, reason: string): ProductEvent[] | Rejection {
  if (quantity === 0) return [];
  const total = product.total + quantity;
  if (total < product.reserved || total > MAX_STOCK) {
    const detail = `The stock is ${product.total}, of which ${product.reserved} is reserved; it cannot become ${total}.`;
    const extra = { totalQuantity: product.total, availableQuantity: available(product) };
    return { rejected: 'stock-conflict', detail, extra };
  }
  return [{ type: 'StockMoved', quantity, reason }];
}

function reserve(
  { itemcd, orderId, orderQty }: Extract<ProductCommand, { type: 'reserve' }>,
  product: Product | null,
  line: Line | null,
): Decision<ProductEvent> {
  if (!product) return unknown(itemcd);
  // Asked again: the first answer stands.
  if (line?.hold === 'reserved' || line?.hold === 'taken') return [];
  if (line && line.hold !== 'expired' && line.hold !== 'none') {
    return { rejected: 'reservation-closed', detail: `The reservation of order ${orderId} has ended.` };
  }
  if (available(product) < orderQty) {
    const left = available(product);
    const detail = `${left} left of product ${itemcd}, ${orderQty} wanted; nothing was charged.`;
    return { rejected: 'out-of-stock', detail, extra: { availableQuantity: left } };
  }
  return [{ type: 'StockReserved', orderQty }];
}

/** Paid and ordered on equal terms: what was reserved is taken, else what is available. */
function sell(sale: Sale, payId: number | null, product: Product | null, line: Line): ProductEvent {
  const { orderId, itemcd, orderQty, price, item, customerId, address } = sale;
  const own = line.hold === 'reserved' ? line.orderQty : 0;
  const left = product ? available(product) + own : 0;
  if (!product || left < orderQty) {
    return { type: 'StockShort', orderId, itemcd, orderQty, totalQuantity: left, customerId };
  }
  const totalQuantity = product.total - orderQty;
  const rest = { itemcd, item, orderQty, totalQuantity, orderId, customerId, price };
  return { type: 'DeliveryPrepared', id: payId, address, ...rest };
}

export function evolve({ product, line }: Shelf, event: ProductEvent): Shelf {
  switch (event.type) {
    case 'ProductCreated':
      return { product: event.product, line };
    case 'ProductChanged':
      return { product, line };
    case 'CatalogueChanged':
      return { product: product && { ...product, ...event.catalogue }, line };
    case 'StockMoved':
      return { product: product && { ...product, total: product.total + event.quantity }, line };
    case 'PaymentSeen': {
      const { price, orderQty, payId } = event;
      return { product, line: { ...(line ?? newLine(orderQty)), paidPrice: price, payId } };
    }
    case 'OrderSeen': {
      const { price, orderQty } = event;
      return { product, line: { ...(line ?? newLine(orderQty)), orderedPrice: price } };
    }
    case 'StockShort':
      return { product, line: { ...(line ?? newLine(event.orderQty)), hold: 'short' } };
    case 'LineClosed':
      return { product, line: { ...(line ?? newLine(event.orderQty)), hold: 'released' } };
    default:
      return product ? evolveSale(product, line ?? newLine(0), event) : { product, line };
  }
}

function evolveSale(product: Product, line: Line, event: SaleEvent): Shelf {
  switch (event.type) {
    case 'StockReserved':
      return {
        product: { ...product, reserved: product.reserved + event.orderQty },
        line: { ...line, orderQty: event.orderQty, hold: 'reserved' },
      };
    case 'ReservationEnded':
      return { product: unreserve(product, line), line: { ...line, hold: event.hold } };
    case 'DeliveryPrepared': {
      const freed = unreserve(product, line);
      return { product: { ...freed, total: freed.total - event.orderQty }, line: { ...line, hold: 'taken' } };
    }
    case 'StockReturned':
      return {
        product: { ...product, total: product.total + line.orderQty },
        line: { ...line, hold: 'released' },
      };
  }
}

/** The line of an order that was not seen before. */
function newLine(orderQty: number): Line {
  return { orderQty, hold: 'none', paidPrice: null, orderedPrice: null, payId: null };
}

function unreserve(product: Product, line: Line): Product {
  return line.hold === 'reserved' ? { ...product, reserved: product.reserved - line.orderQty } : product;
}

function apply(product: Product, events: ProductEvent[]): Product {
  return events.reduce(evolve, { product, line: null } as Shelf).product as Product;
}
