import type { Messages } from '../ko/index.ts';
import { common } from './common.ts';
import { desk } from './desk.ts';
import { operations } from './operations.ts';
import { problems } from './problems.ts';
import { shop } from './shop.ts';

export const messages: Messages = { common, shop, desk, operations, problems };
