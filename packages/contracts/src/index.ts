export * from './calls.ts';
export * from './decider.ts';
export * from './events.ts';
export * from './fields.ts';
export * from './problems.ts';
export * from './resources.ts';
export * from './status.ts';
