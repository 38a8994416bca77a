export * from './aggregate.ts';
export * from './consumer.ts';
export * from './dead-letters.ts';
export * from './loop.ts';
export * from './message.ts';
export * from './outbox.ts';
export * from './service.ts';
export * from './transport.ts';
