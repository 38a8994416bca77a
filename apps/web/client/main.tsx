import './style/base.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { IntlProvider } from 'use-intl';
import { ApiProblem } from './api/problem.ts';
import { router } from './app/router.tsx';
import { currentLanguage } from './i18n/language.ts';
import { loadMessages } from './i18n/messages.ts';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal is final; only a service that is away may come back.
      retry: (failures, error) => failures < 3 && error instanceof ApiProblem && error.isTransient,
    },
  },
});

const language = currentLanguage();
document.documentElement.lang = language;
const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');
const messages = await loadMessages(language);
createRoot(root).render(
  <StrictMode>
    <IntlProvider
      locale={language}
      timeZone={Intl.DateTimeFormat().resolvedOptions().timeZone}
      messages={messages}
    >
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </IntlProvider>
  </StrictMode>,
);
