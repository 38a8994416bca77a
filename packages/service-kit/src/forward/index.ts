export { createUpstreams, forward } from './forward.ts';
