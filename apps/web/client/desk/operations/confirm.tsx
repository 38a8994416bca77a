import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { useProblemText } from '../../ui/state.tsx';
import styles from './confirm.module.css';

/**
 * Asks before something is done that cannot be undone, and says what will happen. It stays while that is under way, and says
 * why where it is refused.
 */
export function Confirm({
  title,
  action,
  isOpen,
  isPending,
  isDisabled = false,
  error,
  onConfirm,
  onClose,
  children,
}: {
  title: string;
  /** What is on the button. */
  action: string;
  isOpen: boolean;
  isPending: boolean;
  isDisabled?: boolean;
  error: unknown;
  onConfirm(): void;
  onClose(): void;
  children: ReactNode;
}) {
  const t = useTranslations('common');
  const text = useProblemText();
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose}>
      {children}
      {error !== null && error !== undefined && (
        <p className={styles.error} role="alert">
          {text(error)}
        </p>
      )}
      <div className={styles.buttons}>
        <Button look="quiet" onPress={onClose}>
          {t('cancel')}
        </Button>
        <Button look="danger" isPending={isPending} isDisabled={isDisabled} onPress={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
