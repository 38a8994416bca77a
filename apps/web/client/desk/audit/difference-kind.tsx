import { useTranslations } from 'use-intl';
import { Mark } from '../../ui/state.tsx';

const kinds = ['money', 'payment', 'stock', 'reservation', 'delivery', 'notice', 'view', 'saga'] as const;

/** In what services do not agree. */
export function DifferenceKind({ kind }: { kind: string }) {
  const t = useTranslations('operations.kinds');
  const known = kinds.find(name => name === kind);
  return <Mark tone="bad">{known ? t(known) : kind}</Mark>;
}
