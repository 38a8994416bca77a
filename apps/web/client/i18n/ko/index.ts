import { common } from './common.ts';
import { desk } from './desk.ts';
import { operations } from './operations.ts';
import { problems } from './problems.ts';
import { shop } from './shop.ts';

export const messages = { common, shop, desk, operations, problems };

/** The keys are those of the Korean catalogue; texts may differ. */
type Texts<T> = { [K in keyof T]: T[K] extends string ? string : Texts<T[K]> };
export type Messages = Texts<typeof messages>;
