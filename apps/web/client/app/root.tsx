import { createRootRoute } from '@tanstack/react-router';
import { NotFound } from './not-found.tsx';

/** What all pages hang on. */
export const rootRoute = createRootRoute({ notFoundComponent: NotFound });
